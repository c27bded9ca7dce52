// SignWait: the one outstanding signature of a handshake: request, wake-up, expiry.
#pragma once

#include "certs/remote_key.hpp"
#include "proxy/net/event.hpp"

#include <memory>

namespace hsmfront::tls {

/// Links the handshake's coroutine to the ASYNC job in which OpenSSL asks for the signature. Both
/// run on the connection's worker; only the wake-up comes from a signer thread.
class SignWait {
  public:
    explicit SignWait(net::Executor executor);
    ~SignWait();
    SignWait(const SignWait&) = delete;
    SignWait& operator=(const SignWait&) = delete;

    /// While alive, signatures that OpenSSL asks for on this thread belong to `wait`.
    class Scope {
      public:
        explicit Scope(SignWait& wait);
        ~Scope();
        Scope(const Scope&) = delete;
        Scope& operator=(const Scope&) = delete;
    };

    /// The SignWait of the innermost Scope of this thread, or none.
    [[nodiscard]] static SignWait* current() noexcept;

    /// In the job: submits the request and pauses the job (ASYNC_pause_job(3)) until the answer is
    /// there or expire() was called. Errc: those of certs::RemoteKey::submit and of the signer; the
    /// reason given to expire(); stopped when called outside a job.
    [[nodiscard]] Result<certs::Signature> sign(certs::RemoteKey& key, certs::SignRequest request);

    /// In the coroutine, after SSL_ERROR_WANT_ASYNC: true once the answer is there. False after
    /// wake(), and every now and then so that the asker can see whether its client is.
    [[nodiscard]] net::Task<bool> wait();

    /// Ends wait() so that an interruption is seen.
    void wake() noexcept;

    /// The answer is not wanted any more, for `reason`. The handshake must be resumed once, so that
    /// the job ends.
    void expire(error_code reason) noexcept;

    /// Why the last signature failed; empty if none did.
    [[nodiscard]] const error_code& error() const noexcept { return error_; }

  private:
    class Job;
    struct WakeUp;

    net::Executor executor_;
    std::shared_ptr<WakeUp> wake_up_;
    std::shared_ptr<certs::SignJob> job_;
    error_code error_;
    error_code expired_;
};

}  // namespace hsmfront::tls
