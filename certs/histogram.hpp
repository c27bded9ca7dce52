// Histogram: durations counted in buckets, as Prometheus takes them.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>

namespace hsmfront::certs {

/// A copy of the counts. `counts[i]` are durations up to `bounds[i]` seconds that fit no earlier
/// bucket; the last one holds what is longer than all.
struct Histogram {
    static constexpr std::array bounds{
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0};

    std::array<std::uint64_t, bounds.size() + 1> counts{};
    double sum = 0;  ///< seconds

    [[nodiscard]] std::uint64_t total() const {
        std::uint64_t all = 0;
        for (const auto count : counts) {
            all += count;
        }
        return all;
    }

    Histogram& operator+=(const Histogram& other) {
        for (std::size_t i = 0; i < counts.size(); ++i) {
            counts[i] += other.counts[i];
        }
        sum += other.sum;
        return *this;
    }
};

/// What is counted into. Any thread.
class HistogramRecorder {
  public:
    void record(std::chrono::nanoseconds duration) noexcept {
        const double seconds = std::chrono::duration<double>(duration).count();
        std::size_t bucket = 0;
        while (bucket < Histogram::bounds.size() && seconds > Histogram::bounds[bucket]) {
            ++bucket;
        }
        counts_[bucket].fetch_add(1, std::memory_order_relaxed);
        nanoseconds_.fetch_add(
            static_cast<std::uint64_t>(duration.count()), std::memory_order_relaxed
        );
    }

    [[nodiscard]] Histogram copy() const noexcept {
        Histogram copied;
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            copied.counts[i] = counts_[i].load(std::memory_order_relaxed);
        }
        copied.sum = static_cast<double>(nanoseconds_.load(std::memory_order_relaxed)) * 1e-9;
        return copied;
    }

  private:
    std::array<std::atomic<std::uint64_t>, Histogram::bounds.size() + 1> counts_{};
    std::atomic<std::uint64_t> nanoseconds_ = 0;
};

}  // namespace hsmfront::certs
