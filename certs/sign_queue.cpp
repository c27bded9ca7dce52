#include "certs/sign_queue.hpp"

#include "certs/errc.hpp"

#include <iterator>

namespace hsmfront::certs {

Result<void> SignQueue::push(SignTask task) {
    {
        const std::lock_guard lock(mutex_);
        if (refusal_) {
            return refusal_;
        }
        if (tasks_.size() >= limit_) {
            return Errc::queue_full;
        }
        tasks_.push_back(std::move(task));
    }
    changed_.notify_one();
    return {};
}

std::optional<SignTask> SignQueue::pop(const std::atomic<bool>& leave) {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this, &leave] { return leave || !tasks_.empty(); });
        if (leave) {
            if (!tasks_.empty()) {
                changed_.notify_one();  // the wake-up taken was meant for a signer that stays
            }
            return std::nullopt;
        }
        SignTask task = std::move(tasks_.front());
        tasks_.pop_front();
        lock.unlock();
        if (Clock::now() >= task.job->deadline) {
            task.job->finish(error_code(Errc::timed_out));
        } else if (!task.job->cancelled()) {
            return task;
        }
        lock.lock();
    }
}

void SignQueue::wake() {
    // The lock orders the caller's `leave` before the check of a pop that is about to wait.
    { const std::lock_guard lock(mutex_); }
    changed_.notify_all();
}

void SignQueue::refuse(error_code reason) {
    std::deque<SignTask> refused;
    {
        const std::lock_guard lock(mutex_);
        refusal_ = reason;
        refused.swap(tasks_);
    }
    for (const SignTask& task : refused) {
        task.job->finish(reason);
    }
}

void SignQueue::accept() {
    const std::lock_guard lock(mutex_);
    refusal_ = {};
}

std::size_t SignQueue::sweep(Clock::time_point now) {
    std::vector<SignTask> expired;
    {
        const std::lock_guard lock(mutex_);
        std::erase_if(tasks_, [now, &expired](SignTask& task) {
            if (now >= task.job->deadline) {
                expired.push_back(std::move(task));
                return true;
            }
            return task.job->cancelled();
        });
    }
    for (const SignTask& task : expired) {
        task.job->finish(error_code(Errc::timed_out));
    }
    return expired.size();
}

std::size_t SignQueue::size() const {
    const std::lock_guard lock(mutex_);
    return tasks_.size();
}

}  // namespace hsmfront::certs
