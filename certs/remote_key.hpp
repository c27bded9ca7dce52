// RemoteKey: a private key that never comes here. What TLS holds is its public half and the way to
// ask for a signature.
#pragma once

#include "certs/handle.hpp"
#include "certs/signature.hpp"
#include "config/result.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

namespace hsmfront::certs {

/// One signature wanted by a handshake. Shared by the asker (a worker thread) and the answerer (a
/// signer thread). `on_done` runs once, on a thread of the signer pool, after `finish` set the
/// result; it must only post a wake-up. Never after a successful `cancel`.
class SignJob {
  public:
    using Clock = std::chrono::steady_clock;

    SignJob(SignRequest wanted, Clock::time_point until)
        : request(std::move(wanted)), deadline(until) {}
    virtual ~SignJob() = default;
    SignJob(const SignJob&) = delete;
    SignJob& operator=(const SignJob&) = delete;

    const SignRequest request;
    const Clock::time_point deadline;

    /// Asker: the answer is no longer wanted. True if `on_done` will not run any more.
    /// A job not yet begun is skipped; one already in the token ends there and is dropped.
    bool cancel() noexcept {
        auto expected = State::pending;
        return state_.compare_exchange_strong(expected, State::cancelled);
    }

    [[nodiscard]] bool cancelled() const noexcept { return state_.load() == State::cancelled; }

    /// Asker: true once the result may be read.
    [[nodiscard]] bool done() const noexcept { return state_.load() == State::done; }

    /// Valid once `done()`.
    [[nodiscard]] const Result<Signature>& result() const noexcept { return result_; }

    /// Answerer: stores the result and calls `on_done`, unless the job was cancelled.
    void finish(Result<Signature> result) noexcept {
        auto expected = State::pending;
        if (!state_.compare_exchange_strong(expected, State::finishing)) {
            return;
        }
        result_ = std::move(result);
        state_.store(State::done);
        on_done();
    }

  private:
    virtual void on_done() noexcept = 0;

    enum class State { pending, finishing, done, cancelled };
    std::atomic<State> state_ = State::pending;
    Result<Signature> result_ = error_code{};
};

/// Paddings and digests that the key's token can do; TLS narrows its signature algorithms to it.
struct SignCapabilities {
    bool pss = true;
    bool pkcs1 = true;
};

/// A key found by its alias. Immutable and shared between workers; safe from any thread.
class RemoteKey {
  public:
    virtual ~RemoteKey() = default;
    [[nodiscard]] virtual const std::string& alias() const = 0;
    [[nodiscard]] virtual KeyType type() const = 0;
    /// Public half, an ordinary OpenSSL key. Borrowed.
    [[nodiscard]] virtual EVP_PKEY* public_key() const = 0;
    [[nodiscard]] virtual SignCapabilities capabilities() const = 0;
    /// Deadline given to a new job: `hsm.sign_timeout`.
    [[nodiscard]] virtual std::chrono::milliseconds sign_timeout() const = 0;
    /// Queues the job; never blocks. Errc: queue_full, token_unavailable (breaker open), stopped.
    [[nodiscard]] virtual Result<void> submit(std::shared_ptr<SignJob> job) = 0;
    /// False while the breaker is open or the queue is full: a new full handshake would be refused
    /// at once. FTP answers 431 to AUTH on it (RFC 2228 §3).
    [[nodiscard]] virtual bool available() const = 0;
};

}  // namespace hsmfront::certs
