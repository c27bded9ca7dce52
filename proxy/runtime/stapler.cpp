#include "proxy/runtime/stapler.hpp"

#include "certs/errc.hpp"
#include "certs/thread_setup.hpp"
#include "proxy/net/task_group.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <ctime>
#include <utility>

namespace hsmfront::runtime {
namespace {

/// Between looks at files and clocks.
constexpr net::milliseconds look_period{1'000};
/// For connection, question and answer together.
constexpr net::milliseconds fetch_limit{10'000};

}  // namespace

Stapler::~Stapler() { static_cast<void>(end()); }

std::shared_ptr<tls::StapleSlot> Stapler::slot(
    const std::string& alias, const certs::Chain& chain, StapleKeeper::Source source
) {
    {
        const std::lock_guard lock(mutex_);
        for (const auto& keeper : keepers_) {
            if (keeper->keeps(alias, chain, source)) {
                return keeper->slot();
            }
        }
    }
    const auto keeper = std::make_shared<StapleKeeper>(alias, chain, std::move(source));
    keeper->look(std::time(nullptr));
    auto slot = keeper->slot();
    {
        const std::lock_guard lock(mutex_);
        keepers_.push_back(keeper);
    }
    start();
    net::asio::post(loop_, [this] { next_look_.cancel(); });
    return slot;
}

void Stapler::start() {
    if (thread_.joinable()) {
        return;
    }
    net::asio::co_spawn(loop_, run(), net::LogException{"stapler"});
    thread_ = std::thread([this] {
        certs::enter_thread("stapler");
        loop_.run();
    });
}

bool Stapler::end() {
    loop_.stop();
    if (thread_.joinable()) {
        thread_.join();
    }
    return client_.resolving() == 0;
}

/// Those in use; the others are given up.
std::vector<Stapler::Keeper> Stapler::present() {
    const std::lock_guard lock(mutex_);
    std::erase_if(keepers_, [](const Keeper& keeper) { return !keeper->in_use(); });
    return keepers_;
}

net::Task<void> Stapler::run() {
    for (;;) {
        for (const Keeper& keeper : present()) {
            const auto now = std::time(nullptr);
            keeper->look(now);
            if (keeper->fetch_due(now) && fetching_.insert(keeper).second) {
                net::asio::co_spawn(loop_, fetch(keeper), net::LogException{"OCSP request"});
            }
        }
        next_look_.expires_after(look_period);
        co_await next_look_.async_wait(net::as_tuple);
    }
}

net::Task<void> Stapler::fetch(Keeper keeper) {
    auto request = keeper->request();
    OcspClient::Answer answer = certs::Failure{
        make_error_code(certs::Errc::ocsp_unusable), "the request cannot be made"};
    if (request != nullptr) {
        answer = co_await client_.ask(keeper->responder(), std::move(request), fetch_limit);
    }
    keeper->answered(answer, std::time(nullptr));
    fetching_.erase(keeper);
}

}  // namespace hsmfront::runtime
