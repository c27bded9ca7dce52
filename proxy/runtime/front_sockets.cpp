// Front: sockets that come from another process, and go to one.
#include "proxy/runtime/front.hpp"
#include "proxy/runtime/listeners.hpp"

#include <chrono>
#include <future>

namespace hsmfront::runtime {
namespace {

/// For a worker to come to what was posted to it.
constexpr std::chrono::seconds worker_patience{5};

using Sockets = std::vector<Result<net::Descriptor>>;

}  // namespace

net::Descriptor Front::take_inherited(const config::Endpoint& endpoint) {
    const auto address = native(endpoint);
    auto sockets = address ? inherited_.take(*address) : std::vector<net::Descriptor>();
    return sockets.empty() ? net::Descriptor() : std::move(sockets.front());
}

void Front::release() {
    held_ = false;
    for (const Protocol protocol : published_) {
        start_accepting(listeners_.at(protocol));
    }
}

Result<std::vector<net::Descriptor>> Front::sockets() {
    std::vector<std::future<Sockets>> answers;
    for (const auto& worker : workers_) {
        auto promise = std::make_shared<std::promise<Sockets>>();
        answers.push_back(promise->get_future());
        worker->post([&worker = *worker, promise] { promise->set_value(worker.sockets()); });
    }
    Sockets all;
    for (auto& [protocol, listeners] : listeners_) {
        for (auto& listener : listeners) {
            for (auto& acceptor : listener.acceptors) {
                all.push_back(net::Descriptor::duplicate_of(acceptor.native_handle()));
            }
        }
    }
    for (auto& answer : answers) {
        if (answer.wait_for(worker_patience) != std::future_status::ready) {
            return make_error_code(boost::system::errc::timed_out);
        }
        for (auto& socket : answer.get()) {
            all.push_back(std::move(socket));
        }
    }
    std::vector<net::Descriptor> sockets;
    for (auto& socket : all) {
        if (!socket) {
            return socket.error();
        }
        sockets.push_back(std::move(*socket));
    }
    return sockets;
}

}  // namespace hsmfront::runtime
