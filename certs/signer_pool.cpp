#include "certs/signer_pool.hpp"

#include "certs/ckr.hpp"
#include "certs/key_route.hpp"
#include "proxy/log/component.hpp"

#include <algorithm>

namespace hsmfront::certs {

using namespace std::chrono_literals;

void SignerPool::start(std::shared_ptr<TokenConnection> connection, std::size_t generation) {
    connection_ = std::move(connection);
    generation_ = generation;
    const std::size_t wanted = connection_->token().signers_out_of(limits_.signers);
    if (wanted < limits_.signers) {
        log::hsm.info(
            "HSM token '{}' allows {} sessions: {} signers instead of {}",
            connection_->token().label,
            connection_->token().max_sessions,
            wanted,
            limits_.signers
        );
    }
    while (signers_.size() < wanted) {
        start_one();
    }
    publish();
}

void SignerPool::start_one() {
    signers_.push_back(Signer::start(state_, connection_, generation_));
}

void SignerPool::watch(Clock::time_point now) {
    state_->queue.sweep(now);
    const auto fits = std::remove_if(signers_.begin(), signers_.end(), [now](const auto& signer) {
        if (signer->ended_by(now)) {
            signer->join();
            return true;
        }
        return false;
    });
    if (fits != signers_.end()) {
        signers_.erase(fits, signers_.end());
        log::hsm.warn(
            "HSM token '{}' gives no more sessions (CKR_SESSION_COUNT): {} signers",
            connection_->token().label,
            signers_.size()
        );
    }
    hand_over_waiting(now - limits_.sign_timeout / 2);
    hand_over_begun(now - limits_.sign_timeout / 2);
    for (const auto& signer : signers_) {
        fail_overdue(*signer, now);
        count_miss(*signer, now);
    }
    replace_stuck(now);
    (void)reap();
    if (signers_.empty()) {
        state_->lost(generation_, ckr_error(CKR_SESSION_COUNT));
    } else if (state_->counters.misses_in_a_row >= 3) {
        state_->lost(generation_, make_error_code(Errc::timed_out));
    }
}

void SignerPool::hand_over_waiting(Clock::time_point before) {
    auto late = state_->queue.take_older(before);
    std::for_each(late.rbegin(), late.rend(), [this](SignTask& task) {
        const bool elsewhere = task.route && task.route->pass_on(task);
        if (!elsewhere && !state_->queue.put_back(task)) {
            state_->counters.failures += task.route ? 1 : 0;
            task.job->finish(make_error_code(Errc::token_unavailable));
        }
    });
}

void SignerPool::hand_over_begun(Clock::time_point before) {
    for (const auto& signer : signers_) {
        const auto call = signer ? signer->in_token() : std::nullopt;
        if (call && call->since <= before && signer->handed_over != call->since) {
            signer->handed_over = call->since;
            // Whichever token is first answers; the other's signature is dropped.
            (void)(call->task.route && call->task.route->pass_on(call->task));
        }
    }
}

void SignerPool::fail_overdue(const Signer& signer, Clock::time_point now) {
    const auto call = signer.in_token();
    if (call && now >= call->task.job->deadline && call->task.wanted()) {
        state_->counters.failures += call->task.route ? 1 : 0;
        call->task.fail(Errc::timed_out, Errc::timed_out);
    }
}

void SignerPool::count_miss(Signer& signer, Clock::time_point now) {
    const auto call = signer.in_token();
    const bool overlong = call && now - call->since >= limits_.sign_timeout;
    if (overlong && !signer.miss_counted) {
        ++state_->counters.misses_in_a_row;
    }
    signer.miss_counted = overlong;
}

void SignerPool::replace_stuck(Clock::time_point now) {
    for (auto& signer : signers_) {
        const auto call = signer->in_token();
        const bool stuck = call && now - call->since >= 3 * limits_.sign_timeout;
        if (!stuck || written_off_.size() >= limits_.signers) {
            continue;
        }
        log::hsm.warn(
            "HSM signer stuck in the token for {} ms: written off and replaced",
            std::chrono::duration_cast<std::chrono::milliseconds>(now - call->since).count()
        );
        signer->leave();
        written_off_.push_back(std::move(signer));
        signer = Signer::start(state_, connection_, generation_);
    }
    publish();
}

void SignerPool::leave() {
    for (const auto& signer : signers_) {
        signer->leave();
    }
    state_->queue.wake();
}

void SignerPool::retire(Clock::time_point until) {
    leave();
    for (auto& signer : signers_) {
        if (wait_for_end(*signer, until)) {
            signer->join();
            continue;
        }
        log::hsm.warn("HSM signer stuck in the token: written off; the module stays loaded");
        written_off_.push_back(std::move(signer));
    }
    signers_.clear();
    connection_.reset();
    publish();
}

bool SignerPool::wait_for_end(const Signer& signer, Clock::time_point until) {
    // In steps, since the jobs in the token have deadlines of their own.
    for (auto now = Clock::now(); now < until; now = Clock::now()) {
        if (signer.ended_by(std::min(until, now + period()))) {
            return true;
        }
        hand_over_begun(Clock::now() - limits_.sign_timeout / 2);
        for (const auto& other : signers_) {
            if (other) {
                fail_overdue(*other, Clock::now());
            }
        }
        state_->queue.sweep(Clock::now());
    }
    return signer.ended_by(until);
}

std::size_t SignerPool::reap() {
    const auto now = Clock::now();
    const auto back =
        std::remove_if(written_off_.begin(), written_off_.end(), [now](const auto& signer) {
            if (signer->ended_by(now)) {
                signer->join();
                return true;
            }
            return false;
        });
    written_off_.erase(back, written_off_.end());
    publish();
    return written_off_.size();
}

void SignerPool::abandon() {
    for (const auto& signer : written_off_) {
        signer->abandon();
    }
    written_off_.clear();
}

SignerPool::Clock::duration SignerPool::period() const {
    return std::clamp<std::chrono::milliseconds>(limits_.sign_timeout / 8, 10ms, 250ms);
}

void SignerPool::publish() {
    state_->counters.signers = signers_.size();
    state_->counters.wedged = written_off_.size();
}

}  // namespace hsmfront::certs
