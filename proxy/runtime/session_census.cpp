#include "proxy/runtime/session_census.hpp"

#include <boost/asio/post.hpp>

#include <utility>

namespace hsmfront::runtime {
namespace {

/// A worker answers between two of its sessions' turns, so this is long.
constexpr std::chrono::milliseconds patience{500};

}  // namespace

SessionCensus::SessionCensus(
    net::asio::io_context& main, std::span<const std::unique_ptr<Worker>> workers
)
    : main_(main), workers_(workers) {}

void SessionCensus::take(Done done) {
    const auto round = rounds_.emplace_back(std::make_shared<Round>(main_, std::move(done)));
    round->found.silent = workers_.size();
    for (const auto& worker : workers_) {
        worker->post([this, &worker = *worker, round = std::weak_ptr(round)] {
            auto sessions = worker.context().sessions.list(admin::SessionStatus::most);
            net::asio::post(main_, [this, round, sessions = std::move(sessions)]() mutable {
                answered(round, std::move(sessions));
            });
        });
    }
    round->limit.expires_after(patience);
    round->limit.async_wait([this, round = std::weak_ptr(round)](const error_code& ec) {
        if (const auto late = round.lock(); late != nullptr && !ec) {
            finish(late);
        }
    });
}

void SessionCensus::answered(const std::weak_ptr<Round>& round, net::SessionList sessions) {
    const auto waiting = round.lock();
    if (waiting == nullptr) {
        return;  // too late
    }
    waiting->found.add(std::move(sessions));
    if (--waiting->found.silent == 0) {
        finish(waiting);
    }
}

void SessionCensus::finish(const std::shared_ptr<Round>& round) {
    rounds_.remove(round);
    round->limit.cancel();
    round->done(std::move(round->found));
}

}  // namespace hsmfront::runtime
