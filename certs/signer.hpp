// Signer: one thread that takes signatures from the queue and has the token make them.
#pragma once

#include "certs/pool_state.hpp"

#include <map>
#include <thread>

namespace hsmfront::certs {

/// Has its own session and its own handles of keys, by which threads in the token never meet.
/// Session and handle losses are mended here, once per signature; everything worse is reported to
/// the PoolState. The thread owns all it touches, so that a signer stuck in the token can be left
/// behind; it holds the module until it ends.
class Signer {
  public:
    using Clock = SignJob::Clock;

    /// The call in the token at this moment.
    struct InToken {
        SignTask task;
        Clock::time_point since;
    };

    [[nodiscard]] static std::shared_ptr<Signer> start(
        std::shared_ptr<PoolState> state,
        std::shared_ptr<TokenConnection> connection,
        std::size_t generation
    );
    ~Signer() = default;
    Signer(const Signer&) = delete;
    Signer& operator=(const Signer&) = delete;

    /// Ends after the signature in hand; wake the queue to make an idle one notice.
    void leave() noexcept { leave_ = true; }

    [[nodiscard]] std::optional<InToken> in_token() const;

    /// True once the thread has let go of session and module. Waits for it until `time`.
    [[nodiscard]] bool ended_by(Clock::time_point time) const;

    /// Every signer is either joined, after it ended, or left behind for good.
    void join() { thread_.join(); }
    void abandon() { thread_.detach(); }

    /// Pool: the overlong call has been counted.
    bool miss_counted = false;
    /// Pool: since when the call lasts whose job another token was asked for too.
    Clock::time_point hedged_since{};

  private:
    Signer(
        std::shared_ptr<PoolState> state,
        std::shared_ptr<TokenConnection> connection,
        std::size_t generation
    );

    void run();
    void serve(const SignTask& task);
    void fail(const SignTask& task, const error_code& error);
    [[nodiscard]] Result<Signature> sign(const SignTask& task);
    /// What `error` calls for, once for each class: true if the signature may be tried again.
    [[nodiscard]] Result<void> mend(const error_code& error, std::size_t logins_seen);
    [[nodiscard]] Result<Signature> try_once(const SignTask& task);
    [[nodiscard]] Result<CK_OBJECT_HANDLE> handle_of(const TokenKey& key);
    [[nodiscard]] Result<void> ensure_session();
    void drop_session();
    void report(const error_code& error, const SignTask& task);

    const std::shared_ptr<PoolState> state_;
    std::shared_ptr<TokenConnection> connection_;
    const std::size_t generation_;
    std::optional<Session> session_;
    std::map<std::uint64_t, CK_OBJECT_HANDLE> handles_;
    Clock::time_point last_warning_{};

    std::atomic<bool> leave_ = false;
    mutable std::mutex mutex_;
    mutable std::condition_variable end_;
    std::optional<InToken> in_token_;
    bool ended_ = false;
    std::thread thread_;
};

}  // namespace hsmfront::certs
