#include "certs/canary.hpp"

#include <algorithm>

namespace hsmfront::certs {
namespace {

class TestJob final : public SignJob {
  public:
    using SignJob::SignJob;

  private:
    void on_done() noexcept override {}
};

}  // namespace

Canary::Clock::time_point Canary::due(const PoolState& state) const {
    if (job_ && !job_->done()) {
        return job_->deadline;
    }
    if (state.counters.misses_in_a_row > 0) {
        return last_ + std::min<Clock::duration>(interval_, std::chrono::milliseconds(100));
    }
    return std::max(last_, state.counters.last_signature.load()) + interval_;
}

void Canary::sing(
    PoolState& state,
    const std::vector<std::shared_ptr<KeyRoute>>& routes,
    std::size_t place,
    std::chrono::milliseconds limit
) {
    const auto now = Clock::now();
    if (job_ && !job_->done() && now < job_->deadline) {
        return;
    }
    for (const auto& route : routes) {
        if (auto key = route->key_at(place)) {
            SignTask task;
            task.job = std::make_shared<TestJob>(test_request(key->plan), now + limit);
            task.key = std::move(key);
            last_ = now;
            job_ = task.job;
            if (!state.queue.push(task)) {
                job_.reset();
            }
            return;
        }
    }
    last_ = now;
}

}  // namespace hsmfront::certs
