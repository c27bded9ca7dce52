// SystemCallFilter: system calls that this process never makes, closed to whoever takes it over.
#pragma once

#include "certs/chain.hpp"

namespace hsmfront::runtime {

/// From now on system calls that neither a proxy nor a PKCS#11 module needs fail with EPERM, in all
/// threads and in every program executed: other processes' memory, mounts and namespaces, the
/// kernel's own interfaces. Programs can still be executed, and filters be added. Fails, with
/// nothing changed, where the kernel or the architecture has no such filters (seccomp(2)).
/// Needs forbid_new_privileges().
[[nodiscard]] certs::Loaded<void> filter_system_calls();

}  // namespace hsmfront::runtime
