// Latencies: how long each of many things took, and the quantiles of that.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace hsmfront::bench {

class Latencies {
  public:
    void add(std::chrono::steady_clock::duration latency) {
        microseconds_.push_back(static_cast<std::uint32_t>(
            std::chrono::duration_cast<std::chrono::microseconds>(latency).count()
        ));
    }
    void clear() { microseconds_.clear(); }
    [[nodiscard]] std::size_t count() const { return microseconds_.size(); }

    /// "p50_ms=… p99_ms=… p999_ms=… max_ms=…"; nothing was measured: all 0.
    [[nodiscard]] std::string quantiles() const;

  private:
    std::vector<std::uint32_t> microseconds_;
};

}  // namespace hsmfront::bench
