#include "bench/clients/measurement.hpp"

#include <iostream>
#include <sys/resource.h>

namespace hsmfront::bench {
namespace {

/// User and system time of this process, in seconds.
double own_cpu() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void await_line() {
    std::string line;
    std::getline(std::cin, line);
}

}  // namespace

Measurement::Measurement(Options& options)
    : waits_(options.number("wait", 0) != 0),
      length_(std::chrono::duration_cast<Clock::duration>(
          std::chrono::duration<double>(options.seconds("seconds", 3))
      )) {}

void Measurement::begin() {
    if (waits_) {
        std::cout << "ready" << std::endl;
        await_line();
    }
    cpu_begun_ = own_cpu();
    begun_ = Clock::now();
}

void Measurement::report(const std::string& figures) const {
    const double passed = std::chrono::duration<double>(Clock::now() - begun_).count();
    std::cout << figures << " seconds=" << passed << " client_cpu_s=" << own_cpu() - cpu_begun_
              << std::endl;
    if (waits_) {
        await_line();
    }
}

}  // namespace hsmfront::bench
