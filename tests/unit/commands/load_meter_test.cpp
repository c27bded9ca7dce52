// The measurement of doctor --load, with keys that answer as the test wants.
#include "proxy/commands/load_meter.hpp"

#include "certs/errc.hpp"

#include <gmock/gmock.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace hsmfront::commands {
namespace {

using namespace std::chrono_literals;

/// Two signers of its own that take 1 ms each; after `good` signatures all fail.
class FakeKey final : public certs::RemoteKey {
  public:
    explicit FakeKey(std::size_t good) : good_(good) {
        for (int i = 0; i < 2; ++i) {
            signers_.emplace_back([this](const std::stop_token& stop) { serve(stop); });
        }
    }

    [[nodiscard]] const std::string& alias() const override { return alias_; }
    [[nodiscard]] certs::KeyType type() const override { return certs::KeyType::ec; }
    [[nodiscard]] EVP_PKEY* public_key() const override { return nullptr; }
    [[nodiscard]] certs::SignCapabilities capabilities() const override { return {}; }
    [[nodiscard]] std::chrono::milliseconds sign_timeout() const override { return 5s; }
    [[nodiscard]] bool available() const override { return true; }

    [[nodiscard]] Result<void> submit(std::shared_ptr<certs::SignJob> job) override {
        const std::lock_guard lock(mutex_);
        if (refuse) {
            return certs::Errc::queue_full;
        }
        jobs_.push_back(std::move(job));
        most_waiting = std::max(most_waiting, jobs_.size());
        changed_.notify_one();
        return {};
    }

    bool refuse = false;
    std::size_t most_waiting = 0;

  private:
    void serve(const std::stop_token& stop) {
        std::unique_lock lock(mutex_);
        while (changed_.wait(lock, stop, [this] { return !jobs_.empty(); })) {
            const auto job = std::move(jobs_.front());
            jobs_.pop_front();
            const bool good = good_ > 0;
            good_ -= good ? 1 : 0;
            lock.unlock();
            std::this_thread::sleep_for(1ms);
            job->finish(
                good ? Result<certs::Signature>(certs::Signature{1})
                     : Result<certs::Signature>(certs::Errc::signature_failed)
            );
            lock.lock();
        }
    }

    const std::string alias_ = "front";
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::deque<std::shared_ptr<certs::SignJob>> jobs_;
    std::size_t good_;
    std::vector<std::jthread> signers_;
};

void no_progress(double /*done*/) {}

TEST(LoadMeter, CountsAndSortsWhatWasSigned) {
    FakeKey key(1'000'000);
    const auto result = measure_load(key, 4, 100ms, no_progress);
    EXPECT_EQ(result.failures, 0U);
    EXPECT_GT(result.signatures, 4U);
    EXPECT_EQ(result.latencies.size(), result.signatures);
    EXPECT_GE(result.elapsed, 100ms);
    EXPECT_LE(result.percentile(0.5), result.percentile(0.99));
    EXPECT_GE(result.percentile(0.0).count(), 1.0);
    EXPECT_EQ(result.percentile(1.0).count(), result.percentile(5.0).count());
    EXPECT_NEAR(
        result.per_second() * result.elapsed.count(), static_cast<double>(result.signatures), 0.5
    );
    EXPECT_LE(key.most_waiting, 4U);
}

TEST(LoadMeter, EndsWhenSignaturesFail) {
    FakeKey key(10);
    const auto result = measure_load(key, 4, 1h, no_progress);
    EXPECT_EQ(result.signatures, 10U);
    EXPECT_EQ(result.failures, 4U);
    EXPECT_EQ(result.last_failure, certs::Errc::signature_failed);
}

TEST(LoadMeter, EndsWhenSignaturesAreRefused) {
    FakeKey key(10);
    key.refuse = true;
    const auto result = measure_load(key, 4, 1h, no_progress);
    EXPECT_EQ(result.signatures, 0U);
    EXPECT_EQ(result.failures, 4U);
    EXPECT_EQ(result.percentile(0.5).count(), 0.0);
    EXPECT_EQ(result.per_second(), 0.0);
}

}  // namespace
}  // namespace hsmfront::commands
