// Looks for secrets in the memory of a running process.
#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

namespace hsmfront::test {

/// A place where the wanted bytes are.
struct Sighting {
    std::string mapping;  ///< as in /proc/PID/maps: "[heap]", a file, or empty
    std::size_t address = 0;
    std::string around;        ///< printable text of 48 bytes before and after
    bool in_core_file = true;  ///< false: MADV_DONTDUMP keeps it out
};

/// Everything readable that `process` has mapped. Throws std::runtime_error if its memory cannot be
/// opened: a process that is not dumpable shows it to those with CAP_SYS_PTRACE only.
[[nodiscard]] std::vector<Sighting> find_in_memory(pid_t process, const std::string& wanted);

[[nodiscard]] std::string to_string(const std::vector<Sighting>& sightings);

}  // namespace hsmfront::test
