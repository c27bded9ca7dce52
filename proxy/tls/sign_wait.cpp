#include "proxy/tls/sign_wait.hpp"

#include "certs/errc.hpp"

#include <openssl/async.h>

#include <new>
#include <utility>

namespace hsmfront::tls {
namespace {

/// A client that left is noticed after this time at most; one poll(2) each.
constexpr net::milliseconds look_interval{50};

thread_local SignWait* current_wait = nullptr;

}  // namespace

struct SignWait::WakeUp {
    net::Event event;
};

/// Holds the wake-up weakly: it is destroyed on its worker only, never by the signer thread that
/// drops the last reference to the job.
class SignWait::Job final : public certs::SignJob {
  public:
    Job(certs::SignRequest wanted,
        Clock::time_point until,
        net::Executor executor,
        const std::shared_ptr<WakeUp>& wake_up)
        : SignJob(std::move(wanted), until), executor_(executor), wake_up_(wake_up) {}

  private:
    void on_done() noexcept override {
        try {
            net::Loop::of(executor_).post([weak = wake_up_] {
                if (const auto wake_up = weak.lock()) {
                    wake_up->event.notify();
                }
            });
        } catch (const std::bad_alloc&) {
            return;  // not woken, the handshake ends at its deadline
        }
    }

    net::Executor executor_;
    std::weak_ptr<WakeUp> wake_up_;
};

SignWait::SignWait(net::Executor executor)
    : executor_(executor), wake_up_(std::make_shared<WakeUp>()) {}

SignWait::~SignWait() = default;

SignWait::Scope::Scope(SignWait& wait) { current_wait = &wait; }

SignWait::Scope::~Scope() { current_wait = nullptr; }

SignWait* SignWait::current() noexcept { return current_wait; }

Result<certs::Signature> SignWait::sign(certs::RemoteKey& key, certs::SignRequest request) {
    if (ASYNC_get_current_job() == nullptr) {
        error_ = make_error_code(certs::Errc::stopped);  // waiting here would block the worker
        return error_;
    }
    const auto deadline = certs::SignJob::Clock::now() + key.sign_timeout();
    job_ = std::make_shared<Job>(std::move(request), deadline, executor_, wake_up_);
    if (auto submitted = key.submit(job_); !submitted) {
        job_.reset();
        error_ = submitted.error();
        return error_;
    }
    while (!job_->done()) {
        if (expired_) {
            job_->cancel();
            job_.reset();
            error_ = expired_;
            return error_;
        }
        // The thread's current SignWait is another connection's when this returns.
        ASYNC_pause_job();
    }
    const auto job = std::exchange(job_, nullptr);
    if (!job->result()) {
        error_ = job->result().error();
    }
    return job->result();
}

net::Task<bool> SignWait::wait() {
    if (job_ != nullptr && !job_->done()) {
        co_await wake_up_->event.wait_for(look_interval);
    }
    co_return job_ == nullptr || job_->done();
}

void SignWait::wake() noexcept { wake_up_->event.notify(); }

void SignWait::expire(error_code reason) noexcept { expired_ = reason; }

}  // namespace hsmfront::tls
