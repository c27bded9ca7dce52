// What a load client and bench/run say to each other, so that both look at the same time span.
#pragma once

#include "bench/clients/options.hpp"

#include <string>

namespace hsmfront::bench {

/// Of every client: "wait=1" makes it print "ready" when its connections stand and wait for a line
/// before the load, and for another, or the end of the input, before the connections are closed.
class Measurement {
  public:
    explicit Measurement(Options& options);

    /// The load may begin; the clocks start.
    void begin();
    [[nodiscard]] Clock::time_point end() const { return begun_ + length_; }
    /// Prints `figures` with the time that passed and this client's own CPU time.
    void report(const std::string& figures) const;

  private:
    bool waits_;
    Clock::duration length_;
    Clock::time_point begun_;
    double cpu_begun_ = 0;
};

}  // namespace hsmfront::bench
