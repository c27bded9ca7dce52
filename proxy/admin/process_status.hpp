// ProcessStatus: what the process takes of the machine (proc(5)).
#pragma once

#include <cstdint>

namespace hsmfront::admin {

struct ProcessStatus {
    double cpu_seconds = 0;  ///< user and system
    std::uint64_t resident_bytes = 0;
    std::uint64_t open_fds = 0;
    std::uint64_t max_fds = 0;  ///< the soft limit
};

[[nodiscard]] ProcessStatus read_process_status();
/// The one of it that is cheap to ask for; 0 if it cannot be read.
[[nodiscard]] std::uint64_t resident_bytes();

}  // namespace hsmfront::admin
