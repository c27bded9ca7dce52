// FileConfinement: what this process may open, held by the kernel.
#pragma once

#include "certs/chain.hpp"

#include <filesystem>
#include <vector>

namespace hsmfront::runtime {

/// Files, and folders with all below them. What does not exist is passed over.
struct FileRules {
    std::vector<std::filesystem::path> read;
    std::vector<std::filesystem::path> execute;  ///< read, too
    std::vector<std::filesystem::path> write;    ///< read, too; in folders: made, renamed, removed
};

/// From now on this thread, threads that it starts and programs that it executes can open nothing
/// but what `rules` has; sockets can still be connected to. Adds to what confines it already.
/// Returns the version of the kernel's interface (landlock(7)). Fails, with nothing changed, where
/// the kernel has none and where 16 such confinements are in force.
/// Needs forbid_new_privileges().
[[nodiscard]] certs::Loaded<int> confine_files(const FileRules& rules);

/// Version of the kernel's interface; 0: it has none.
[[nodiscard]] int landlock_version();

}  // namespace hsmfront::runtime
