// What a process holds, as /proc tells.
#pragma once

#include <cstddef>
#include <string>
#include <sys/types.h>

namespace hsmfront::test {

struct ProcessCounts {
    std::size_t threads = 0;
    std::size_t files = 0;  ///< descriptors except TCP sockets, whose number changes with clients
    std::size_t tcp = 0;

    bool operator==(const ProcessCounts&) const = default;
};

[[nodiscard]] ProcessCounts counts_of(pid_t process);

/// VmRSS, in KiB.
[[nodiscard]] std::size_t resident_kib(pid_t process);

[[nodiscard]] std::string to_string(const ProcessCounts& counts);

}  // namespace hsmfront::test
