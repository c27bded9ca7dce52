// What a PKCS#11 module can do in the process that loaded it.
#pragma once

namespace hsmfront::shim {

/// With HSMFRONT_SHIM_PROBE, a folder, in the environment: tries what a module that was taken over
/// would, to no effect where it works, and prints a line for each try to standard error:
/// "probe read: Permission denied". Tries: read (FOLDER/secret), write (a new file in FOLDER),
/// ptrace, unshare, io_uring, namespace (clone(2)), and what must work:
/// spawn (the program whose process this is).
void probe_confinement();

}  // namespace hsmfront::shim
