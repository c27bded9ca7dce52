// What every thread of ours in the token does first.
#pragma once

namespace hsmfront::certs {

/// Names the calling thread (15 bytes) and blocks all signals in it: they belong to the main
/// thread, and a blocked SIGPIPE keeps modules that write to a dead socket (p11-kit-client) from
/// ending the process.
void enter_thread(const char* name) noexcept;

}  // namespace hsmfront::certs
