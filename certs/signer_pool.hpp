// SignerPool: the signer threads of the present connection, and those left stuck in the token.
#pragma once

#include "certs/signer.hpp"

#include <vector>

namespace hsmfront::certs {

/// Used by one thread at a time: the supervisor's. Makes no call into the module itself.
class SignerPool {
  public:
    using Clock = SignJob::Clock;

    struct Limits {
        std::size_t signers = 8;
        std::chrono::milliseconds sign_timeout{5000};
    };

    SignerPool(std::shared_ptr<PoolState> state, Limits limits)
        : state_(std::move(state)), limits_(limits) {}

    /// Starts the signers of a new generation; the previous one was retired.
    void start(std::shared_ptr<TokenConnection> connection, std::size_t generation);

    /// Looks after the signers: jobs that took half of sign_timeout are handed to another token too
    /// if there is one, jobs past their deadline fail, a signer past three times sign_timeout is
    /// written off and replaced (at most as many again as there were), three overlong calls in a
    /// row count as a lost token. Call it every `period()`.
    void watch(Clock::time_point now);

    /// Has all signers leave after the signature in hand, and does not wait for it.
    void leave();

    /// Has all signers leave and waits for it, until then at most. Those stuck in the token are
    /// written off, the others gone and their sessions closed. Lets go of the connection.
    void retire(Clock::time_point until);

    /// Joins written-off signers that have come back; the number still stuck.
    std::size_t reap();

    /// Lets the stuck ones be: they hold the module loaded and end with the process.
    void abandon();

    [[nodiscard]] Clock::duration period() const;

  private:
    using Signers = std::vector<std::shared_ptr<Signer>>;

    void start_one();
    void hand_over_waiting(Clock::time_point now);
    void hand_over_begun(Signer& signer, Clock::time_point now);
    void fail_overdue(const Signer& signer, Clock::time_point now);
    void count_miss(Signer& signer, Clock::time_point now);
    void replace_stuck(Clock::time_point now);
    [[nodiscard]] bool wait_for_end(const Signer& signer, Clock::time_point until);
    void publish();

    const std::shared_ptr<PoolState> state_;
    const Limits limits_;
    std::shared_ptr<TokenConnection> connection_;
    std::size_t generation_ = 0;
    Signers signers_;
    Signers written_off_;
};

}  // namespace hsmfront::certs
