// PoolState: what keys, signers and the supervisor of one token share.
#pragma once

#include "certs/errc.hpp"
#include "certs/hsm.hpp"
#include "certs/sign_queue.hpp"

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>

namespace hsmfront::certs {

/// Any thread. A generation is one connection to the token; reports about an older one than the
/// present are ignored, since its loss has been dealt with.
class PoolState {
  public:
    using State = TokenStatus::State;
    using Clock = SignJob::Clock;

    struct Counters {
        std::atomic<std::uint64_t> signatures = 0;
        std::atomic<std::uint64_t> failures = 0;  ///< beside those that expired in the queue
        std::atomic<std::uint64_t> refused = 0;
        std::atomic<std::size_t> signers = 0;
        std::atomic<std::size_t> wedged = 0;
        /// Calls in the token that took longer than sign_timeout, since one last succeeded.
        std::atomic<std::size_t> misses_in_a_row = 0;
        HistogramRecorder wait;
        std::atomic<Clock::time_point> last_signature{};
    };

    /// `label` is what the configuration calls the token.
    PoolState(std::string label, std::size_t queue_limit);

    SignQueue queue;
    Counters counters;

    [[nodiscard]] State state() const noexcept { return state_.load(); }
    [[nodiscard]] std::size_t generation() const noexcept { return generation_.load(); }
    [[nodiscard]] std::string label() const;
    [[nodiscard]] TokenStatus status() const;
    [[nodiscard]] std::vector<KeyStatus> key_status() const;

    /// The counters of the key's alias in this token.
    [[nodiscard]] std::shared_ptr<KeyStats> stats_of(const TokenKey& key);

    /// The token of `generation` is gone, because of `reason`: jobs are refused, the supervisor
    /// takes over. Ignored while holding.
    void lost(std::size_t generation, const error_code& reason);

    /// The token of `generation` refused the PIN to a new login: jobs are refused until an operator
    /// acts. Ignored while holding.
    void pin_refused(std::size_t generation, const error_code& reason);

    /// The signers leave for a planned new start: what is queued stays, as does the state.
    void hold();

    /// A new generation serves; the queue opens. Not once stopped.
    void up(std::size_t generation, const std::string& label);

    /// No connection was to be had: `next` is `recovering` or `refused_pin`.
    void away(State next, const std::string& why);

    /// For good: jobs are refused with Errc::stopped.
    void stop();

    /// Has the supervisor look after the token at once, with a test signature.
    void poke();
    [[nodiscard]] bool take_poke() noexcept { return poked_.exchange(false); }

    /// Supervisor: waits for the state to leave `expected` or for a poke, at most until `time`.
    void wait_while(State expected, Clock::time_point time);

  private:
    /// Refuses jobs and tells the supervisor; jobs that waited go to other tokens or fail.
    void leave_service(std::unique_lock<std::mutex> lock, State next, error_code refusal);

    std::atomic<State> state_ = State::recovering;
    std::atomic<std::size_t> generation_ = 0;
    std::atomic<bool> poked_ = false;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::string label_;
    std::string reason_;
    bool holding_ = false;
    std::map<std::string, std::shared_ptr<KeyStats>> keys_;
};

}  // namespace hsmfront::certs
