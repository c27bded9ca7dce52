#include "proxy/runtime/stapler.hpp"

#include "certs/errc.hpp"
#include "certs/thread_setup.hpp"
#include "proxy/net/task_group.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <ctime>
#include <map>
#include <utility>

namespace hsmfront::runtime {
namespace {

/// Between looks at files and clocks.
constexpr net::milliseconds look_period{1'000};
/// For connection, question and answer together.
constexpr net::milliseconds fetch_limit{10'000};

}  // namespace

Stapler::~Stapler() { static_cast<void>(end()); }

void Stapler::attach(const config::Settings& settings, const Identities& identities) {
    const auto& stapling = settings.tls.stapling;
    if (stapling.mode == config::StaplingMode::off) {
        return;
    }
    for (const auto& [alias, identity] : identities) {
        tls::attach_staple(
            identity->chain.leaf(),
            slot(
                alias,
                identity->chain,
                {settings.certificates / (alias + ".ocsp"),
                 stapling.mode == config::StaplingMode::fetch,
                 stapling.responder}
            )
        );
    }
}

std::vector<admin::StapleStatus> Stapler::status() const {
    const auto now = std::time(nullptr);
    std::map<std::string, admin::StapleStatus> all;
    const std::lock_guard lock(mutex_);
    for (const auto& keeper : keepers_) {
        if (keeper->in_use()) {
            const tls::StapleStatus one = keeper->slot()->status(now);
            all[keeper->slot()->alias()] = {
                keeper->slot()->alias(), one.next_update, keeper->slot()->required(), one.problem};
        }
    }
    std::vector<admin::StapleStatus> list;
    for (auto& [alias, one] : all) {
        list.push_back(std::move(one));
    }
    return list;
}

/// The same arguments give the same slot.
std::shared_ptr<tls::StapleSlot> Stapler::slot(
    const std::string& alias, const certs::Chain& chain, const StapleKeeper::Source& source
) {
    {
        const std::lock_guard lock(mutex_);
        for (const auto& keeper : keepers_) {
            if (keeper->keeps(alias, chain, source)) {
                return keeper->slot();
            }
        }
    }
    const auto keeper = std::make_shared<StapleKeeper>(alias, chain, source);
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
    net::spawn(loop_.get_executor(), run(), net::LogException{"stapler"});
    thread_ = std::thread([this] {
        certs::enter_thread("stapler");
        loop_.run();
    });
}

bool Stapler::end() {
    net::asio::post(loop_, [this] {
        stopping_ = true;
        next_look_.cancel();
        client_.interrupt();
        if (client_.resolving() != 0) {
            loop_.stop();
        }
    });
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
    while (!stopping_) {
        for (const Keeper& keeper : present()) {
            const auto now = std::time(nullptr);
            keeper->look(now);
            if (keeper->fetch_due(now) && fetching_.insert(keeper).second) {
                net::spawn(loop_.get_executor(), fetch(keeper), net::LogException{"OCSP request"});
            }
        }
        next_look_.expires_after(look_period);
        co_await next_look_.async_wait(net::as_tuple);
    }
}

net::Task<void> Stapler::fetch(Keeper keeper) {
    auto request = keeper->request();
    OcspClient::Answer answer =
        certs::Failure{make_error_code(certs::Errc::file_malformed), "the request cannot be made"};
    if (request != nullptr) {
        answer = co_await client_.ask(keeper->responder(), std::move(request), fetch_limit);
    }
    if (!stopping_) {
        keeper->answered(answer, std::time(nullptr));
    }
    fetching_.erase(keeper);
}

}  // namespace hsmfront::runtime
