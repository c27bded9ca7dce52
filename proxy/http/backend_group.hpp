// BackendGroup: a worker's view of servers with the same content: whose turn it is.
#pragma once

#include "proxy/http/backend_board.hpp"
#include "proxy/http/backend_pool.hpp"

#include <vector>

namespace hsmfront::http {

/// On one worker; all references outlive it.
class BackendGroup {
  public:
    struct Member {
        BackendServer& server;
        BackendPool& pool;
        double credit = 0;  ///< of the rotation: grows with its share, pays for each turn
    };
    using Members = std::vector<Member*>;

    /// `key` names the group among all workers. The member number `start` has the first turn.
    BackendGroup(
        net::Executor executor,
        const config::Http& settings,
        const config::HttpBackends& key,
        std::vector<Member> members,
        std::size_t start
    );

    [[nodiscard]] net::Executor executor() const noexcept { return executor_; }
    [[nodiscard]] const config::Http& settings() const noexcept { return settings_; }
    [[nodiscard]] const config::HttpBackends& key() const noexcept { return key_; }
    [[nodiscard]] std::vector<Member>& members() noexcept { return members_; }

    /// Which of `candidates`, of which there is one at least, has its turn, by the configured
    /// balance: in rotation, or that with the fewest requests for its share, in rotation among
    /// equals.
    [[nodiscard]] Member& pick(const Members& candidates, net::Clock::time_point now);

  private:
    [[nodiscard]] Members least_busy(const Members& candidates, net::Clock::time_point now) const;
    [[nodiscard]] double share(Member& member, net::Clock::time_point now) const;

    net::Executor executor_;
    const config::Http& settings_;
    const config::HttpBackends& key_;
    std::vector<Member> members_;
};

}  // namespace hsmfront::http
