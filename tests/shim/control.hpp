// The shim's switches, read from the control file (see shim.cpp for what they do).
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

namespace hsmfront::shim {

struct Switches {
    std::atomic<long> delay_ms = 0;
    std::atomic<long> jitter_ms = 0;
    std::atomic<long> stall = 0;
    std::atomic<long> stall_first = 0;
    std::atomic<long> fail_sign = 0;
    std::atomic<long> fail_sign_init = 0;
    std::atomic<long> fail_every = 0;
    std::atomic<long> fail_first = 0;
    std::atomic<long> down = 0;
    std::atomic<long> drop = 0;
    std::atomic<long> max_sessions = 0;
    std::atomic<long> report_max_sessions = 0;
    std::atomic<long> no_pss = 0;
    std::atomic<long> no_raw_rsa = 0;
    std::atomic<long> hide_public = 0;
    std::atomic<long> open_rv = 0;
    std::atomic<long> init_rv = 0;
    std::atomic<long> login_rv = 0;
    std::atomic<long> token_flags = 0;
    std::atomic<long> no_login = 0;
    std::atomic<long> only_slot = 0;
    std::atomic<long> no_slots = 0;
    std::atomic<long> extractable = 0;
    /// Differs from one content of the file to the next.
    std::atomic<std::uint64_t> version = 0;
};

/// The switches as the file has them now: one stat(2) a call, parsed again when the file changed.
class Control {
  public:
    Control();
    const Switches& now();

  private:
    void parse();

    const char* path_;
    std::mutex mutex_;
    std::atomic<std::uint64_t> seen_ = 0;
    Switches switches_;
};

}  // namespace hsmfront::shim
