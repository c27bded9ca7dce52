// Spawn: this program once more, as it was started.
#pragma once

#include "proxy/net/descriptor.hpp"

#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace hsmfront::runtime {

/// What a process was started with.
struct CommandLine {
    std::string program;  ///< the path it was started by: what lies there now may be a newer one
    std::vector<std::string> arguments;  ///< the first is its name

    /// This process'; to be asked before the file can have been replaced.
    [[nodiscard]] static CommandLine present();
};

/// Where a spawned process finds `channel`.
inline constexpr int spawned_channel = 3;

/// Starts `command` with our environment, but for `variables`, which are set or, if empty, removed;
/// with standard input, output and error, and `channel` as descriptor 3; nothing else. No handlers
/// of pthread_atfork(3) run, which a PKCS#11 module may have put there (posix_spawn(3)).
[[nodiscard]] Result<pid_t> spawn(
    const CommandLine& command,
    const std::vector<std::pair<std::string, std::string>>& variables,
    int channel
);

}  // namespace hsmfront::runtime
