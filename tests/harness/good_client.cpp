// GoodClient: one that must be served whatever others do.
#include "tests/harness/good_client.hpp"

#include "tests/harness/process.hpp"
#include "tests/harness/tls_client.hpp"

namespace hsmfront::test {

GoodClient::GoodClient(std::uint16_t port, int requests)
    : thread_([this, port, requests] { run(port, requests); }) {}

GoodClient::~GoodClient() {
    stop_ = true;
    thread_.join();
}

void GoodClient::run(std::uint16_t port, int requests) {
    while (!stop_) {
        TlsClient client(port);
        for (int request = 0; request < requests && !stop_; ++request) {
            ++(client.get("/small") == "small" ? served_ : refused_);
            pause_between_polls();
        }
    }
}

}  // namespace hsmfront::test
