#include "certs/signer.hpp"

#include "certs/ckr.hpp"
#include "certs/key_route.hpp"
#include "certs/thread_setup.hpp"
#include "certs/token_objects.hpp"
#include "proxy/log/component.hpp"

namespace hsmfront::certs {
namespace {

/// Retries are spent per kind: a dropped session is mended by a new one, after which the token may
/// still ask for a login.
struct Retries {
    bool session = true;
    bool login = true;

    bool take(FailureKind kind) {
        if (kind != FailureKind::session && kind != FailureKind::login) {
            return false;
        }
        return std::exchange(kind == FailureKind::session ? session : login, false);
    }
};

/// What the asker is told; the token's own words are in the log.
Errc answer_for(const error_code& error) {
    if (error == Errc::key_not_found || error == Errc::key_ambiguous) {
        return static_cast<Errc>(error.value());
    }
    return failure_kind(error) == FailureKind::request ? Errc::signature_failed
                                                       : Errc::token_unavailable;
}

}  // namespace

Signer::Signer(
    std::shared_ptr<PoolState> state,
    std::shared_ptr<TokenConnection> connection,
    std::size_t generation
)
    : state_(std::move(state)), connection_(std::move(connection)), generation_(generation) {}

std::shared_ptr<Signer> Signer::start(
    std::shared_ptr<PoolState> state,
    std::shared_ptr<TokenConnection> connection,
    std::size_t generation
) {
    std::shared_ptr<Signer> signer(new Signer(std::move(state), std::move(connection), generation));
    signer->thread_ = std::thread([signer] { signer->run(); });
    return signer;
}

std::optional<Signer::InToken> Signer::in_token() const {
    const std::lock_guard lock(mutex_);
    return in_token_;
}

bool Signer::ended_by(Clock::time_point time) const {
    std::unique_lock lock(mutex_);
    return end_.wait_until(lock, time, [this] { return ended_; });
}

void Signer::run() {
    enter_thread("hsm-signer");
    if (auto opened = ensure_session(); !opened) {
        if (is_ckr(opened.error(), CKR_SESSION_COUNT)) {
            leave_ = true;  // the token has no room for this one; the others carry on
        } else {
            state_->lost(generation_, opened.error());
        }
    }
    while (auto task = state_->queue.pop(leave_)) {
        serve(*task);
    }
    drop_session();
    connection_.reset();
    const std::lock_guard lock(mutex_);
    ended_ = true;
    end_.notify_all();
}

void Signer::serve(const SignTask& task) {
    const auto begun = Clock::now();
    {
        const std::lock_guard lock(mutex_);
        in_token_ = InToken{task, begun};
    }
    if (task.route) {
        state_->counters.wait.record(begun - task.queued);
    }
    auto signature = sign(task);
    {
        const std::lock_guard lock(mutex_);
        in_token_.reset();
    }
    if (!signature) {
        fail(task, signature.error());
        return;
    }
    const auto now = Clock::now();
    state_->counters.last_signature = now;
    state_->counters.misses_in_a_row = 0;
    if (task.route) {
        ++state_->counters.signatures;
        task.stats->signature(now - begun);
    }
    task.job->finish(std::move(signature));
}

void Signer::fail(const SignTask& task, const error_code& error) {
    report(error, task);
    if (!task.route) {
        task.job->finish(make_error_code(answer_for(error)));
        return;
    }
    const bool of_the_token = failure_kind(error) != FailureKind::request;
    if (of_the_token && task.route->pass_on(task)) {
        return;
    }
    if (!task.job->done()) {  // else the pool counted it as overdue, or another token made it
        ++state_->counters.failures;
    }
    task.job->finish(make_error_code(answer_for(error)));
}

Result<Signature> Signer::sign(const SignTask& task) {
    Retries retries;
    for (;;) {
        const std::size_t logins_seen = connection_->login_count();
        auto signature = try_once(task);
        if (signature) {
            return signature;
        }
        const error_code error = signature.error();
        if (task.stats) {
            task.stats->failure(error);
        }
        const bool in_time = Clock::now() < task.job->deadline && task.wanted();
        if (!in_time || !retries.take(failure_kind(error))) {
            return error;
        }
        if (auto mended = mend(error, logins_seen); !mended) {
            return mended.error();
        }
    }
}

Result<void> Signer::mend(const error_code& error, std::size_t logins_seen) {
    if (failure_kind(error) == FailureKind::session) {
        drop_session();
        return ensure_session();
    }
    handles_.clear();
    return connection_->login_again(logins_seen);
}

Result<Signature> Signer::try_once(const SignTask& task) {
    if (auto opened = ensure_session(); !opened) {
        return opened.error();
    }
    const auto handle = handle_of(*task.key);
    if (!handle) {
        return handle.error();
    }
    return sign_on_token(*connection_, *session_, *handle, task.key->plan, task.job->request);
}

Result<CK_OBJECT_HANDLE> Signer::handle_of(const TokenKey& key) {
    if (const auto known = handles_.find(key.id); known != handles_.end()) {
        return known->second;
    }
    const auto found = find_private_key(*session_, key.alias);
    if (found) {
        handles_.emplace(key.id, *found);
    }
    return found;
}

Result<void> Signer::ensure_session() {
    if (session_) {
        return {};
    }
    auto opened = connection_->open_session();
    if (!opened) {
        return opened.error();
    }
    session_.emplace(std::move(*opened));
    return {};
}

void Signer::drop_session() {
    handles_.clear();
    session_.reset();
}

void Signer::report(const error_code& error, const SignTask& task) {
    const CkrClass kind = ckr_class(error);
    if (kind != CkrClass::request) {
        drop_session();
    }
    // The first is said, then one a second: thousands of handshakes may fail alike.
    if (const auto now = Clock::now(); now - last_warning_ >= std::chrono::seconds(1)) {
        last_warning_ = now;
        log::hsm.warn("HSM signature with key '{}' failed: {}", task.key->alias, error.message());
    }
    if (kind == CkrClass::pin || error == Errc::pin_incorrect) {
        state_->pin_refused(generation_, error);
    } else if (kind != CkrClass::request) {
        state_->lost(generation_, error);
    }
}

}  // namespace hsmfront::certs
