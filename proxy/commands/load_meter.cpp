#include "proxy/commands/load_meter.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <string_view>
#include <utility>

namespace hsmfront::commands {
namespace {

using Clock = certs::SignJob::Clock;

/// One measurement. Jobs put in their successors from the signer threads that end them, so that
/// no signer ever waits for us.
class Meter : public std::enable_shared_from_this<Meter> {
  public:
    Meter(certs::RemoteKey& key, certs::SignRequest request, Clock::time_point end)
        : key_(key), request_(std::move(request)), end_(end) {}

    void start(std::size_t parallel) {
        pending_ = parallel;
        for (std::size_t i = 0; i < parallel; ++i) {
            submit();
        }
    }

    void wait(const std::function<void(double)>& progress) {
        constexpr std::chrono::milliseconds step{100};
        const auto begun = Clock::now();
        std::unique_lock lock(mutex_);
        while (!idle_.wait_for(lock, step, [this] { return pending_ == 0; })) {
            lock.unlock();
            progress(
                std::chrono::duration<double>(Clock::now() - begun) /
                std::chrono::duration<double>(end_ - begun)
            );
            lock.lock();
        }
    }

    LoadResult take(Clock::time_point begun) {
        const std::lock_guard lock(mutex_);
        result_.elapsed = last_ - begun;
        std::sort(result_.latencies.begin(), result_.latencies.end());
        return std::move(result_);
    }

  private:
    class Job final : public certs::SignJob {
      public:
        Job(std::shared_ptr<Meter> meter, certs::SignRequest wanted, Clock::time_point until)
            : SignJob(std::move(wanted), until), meter_(std::move(meter)) {}

      private:
        void on_done() noexcept override { meter_->ended(result(), Clock::now() - begun_); }

        const std::shared_ptr<Meter> meter_;
        const Clock::time_point begun_ = Clock::now();
    };

    void submit() {
        const auto deadline = Clock::now() + key_.sign_timeout();
        auto queued = key_.submit(std::make_shared<Job>(shared_from_this(), request_, deadline));
        if (!queued) {
            const std::lock_guard lock(mutex_);
            ++result_.failures;
            result_.last_failure = queued.error();
            leave();
        }
    }

    void ended(const Result<certs::Signature>& signature, Clock::duration took) noexcept {
        {
            const std::lock_guard lock(mutex_);
            last_ = Clock::now();
            if (signature) {
                ++result_.signatures;
                result_.latencies.emplace_back(took);
            } else {
                ++result_.failures;
                result_.last_failure = signature.error();
            }
            // A token that fails at once would be asked for nothing a million times.
            if (last_ >= end_ || !signature) {
                leave();
                return;
            }
        }
        submit();
    }

    /// With the mutex held: one of the parallel ones goes no further.
    void leave() {
        last_ = Clock::now();
        if (--pending_ == 0) {
            idle_.notify_all();
        }
    }

    certs::RemoteKey& key_;
    const certs::SignRequest request_;
    const Clock::time_point end_;
    std::mutex mutex_;
    std::condition_variable idle_;
    std::size_t pending_ = 0;
    Clock::time_point last_{};
    LoadResult result_;
};

}  // namespace

double LoadResult::per_second() const {
    return elapsed.count() > 0 ? static_cast<double>(signatures) / elapsed.count() : 0;
}

std::chrono::duration<double, std::milli> LoadResult::percentile(double share) const {
    if (latencies.empty()) {
        return {};
    }
    const auto rank = static_cast<std::size_t>(share * static_cast<double>(latencies.size()));
    return latencies[std::min(rank, latencies.size() - 1)];
}

certs::SignRequest handshake_request(
    certs::KeyType type, const certs::SignCapabilities& capabilities
) {
    constexpr std::string_view text = "hsmfront load signature, 32 byte";
    static_assert(text.size() == 32, "stands for a SHA-256 digest");
    using certs::Digest;
    using certs::Padding;
    const Padding padding = type != certs::KeyType::rsa ? Padding::none
                            : capabilities.pss          ? Padding::pss
                                                        : Padding::pkcs1;
    return {
        padding,
        type == certs::KeyType::ed25519 ? Digest::none : Digest::sha256,
        {text.begin(), text.end()}};
}

LoadResult measure_load(
    certs::RemoteKey& key,
    std::size_t parallel,
    std::chrono::milliseconds duration,
    const std::function<void(double)>& progress
) {
    const auto begun = Clock::now();
    const auto meter = std::make_shared<Meter>(
        key, handshake_request(key.type(), key.capabilities()), begun + duration
    );
    meter->start(parallel);
    meter->wait(progress);
    return meter->take(begun);
}

}  // namespace hsmfront::commands
