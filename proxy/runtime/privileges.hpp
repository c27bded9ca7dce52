// Privileges and limits of the process.
#pragma once

#include "certs/chain.hpp"

#include <string>

namespace hsmfront::runtime {

/// Becomes `user` with that user's groups, for good (initgroups(3), setgid(2), setuid(2)). Nothing
/// if `user` is empty. Fails when the user is unknown or we may not change.
[[nodiscard]] certs::Loaded<void> drop_to(const std::string& user);

/// No core files and no ptrace by other processes of the user: both would hold the PIN
/// (prctl(2), PR_SET_DUMPABLE).
void forbid_core_files();

/// No program that it executes gets more rights than it has (PR_SET_NO_NEW_PRIVS of prctl(2)).
void forbid_new_privileges();

/// Raises the soft limit of open files to the hard one. Returns it.
std::size_t raise_file_limit();

}  // namespace hsmfront::runtime
