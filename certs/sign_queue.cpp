#include "certs/sign_queue.hpp"

#include "certs/errc.hpp"

#include <algorithm>
#include <iterator>

namespace hsmfront::certs {

void SignTask::fail(const error_code& counted, const error_code& answer) const {
    if (stats) {
        stats->failure(counted);
    }
    job->finish(answer);
}

Result<void> SignQueue::push(SignTask& task) {
    {
        const std::lock_guard lock(mutex_);
        if (refusal_) {
            return refusal_;
        }
        if (tasks_.size() >= limit_) {
            return Errc::queue_full;
        }
        task.queued = Clock::now();
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
        if (task.wanted()) {
            if (Clock::now() < task.job->deadline) {
                return task;
            }
            expire(task);
        }
        lock.lock();
    }
}

void SignQueue::wake() {
    // The lock orders the caller's `leave` before the check of a pop that is about to wait.
    { const std::lock_guard lock(mutex_); }
    changed_.notify_all();
}

std::deque<SignTask> SignQueue::refuse(error_code reason) {
    std::deque<SignTask> waiting;
    const std::lock_guard lock(mutex_);
    refusal_ = reason;
    waiting.swap(tasks_);
    return waiting;
}

void SignQueue::accept() {
    const std::lock_guard lock(mutex_);
    refusal_ = {};
}

void SignQueue::sweep(Clock::time_point now) {
    std::vector<SignTask> expired;
    {
        const std::lock_guard lock(mutex_);
        std::erase_if(tasks_, [now, &expired](SignTask& task) {
            if (!task.wanted()) {
                return true;
            }
            if (now >= task.job->deadline) {
                expired.push_back(std::move(task));
                return true;
            }
            return false;
        });
    }
    for (const SignTask& task : expired) {
        expire(task);
    }
}

std::deque<SignTask> SignQueue::take_older(Clock::time_point time) {
    std::deque<SignTask> older;
    const std::lock_guard lock(mutex_);
    // In order of `queued`, since each was stamped when it was put at the end.
    const auto first_younger = std::find_if(tasks_.begin(), tasks_.end(), [time](const auto& task) {
        return task.queued >= time;
    });
    std::move(tasks_.begin(), first_younger, std::back_inserter(older));
    tasks_.erase(tasks_.begin(), first_younger);
    return older;
}

bool SignQueue::put_back(SignTask task) {
    {
        const std::lock_guard lock(mutex_);
        if (refusal_) {
            return false;
        }
        tasks_.push_front(std::move(task));
    }
    changed_.notify_one();
    return true;
}

void SignQueue::expire(const SignTask& task) {
    if (task.route) {
        ++expired_;
    }
    task.fail(Errc::timed_out, Errc::timed_out);
}

std::size_t SignQueue::size() const {
    const std::lock_guard lock(mutex_);
    return tasks_.size();
}

}  // namespace hsmfront::certs
