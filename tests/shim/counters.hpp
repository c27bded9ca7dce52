// The shim's counters: records in a mapped file, so that they outlive reloads and processes.
// tests/support reads them; in Python: struct.iter_unpack("=24sQ", data).
#pragma once

#include <atomic>
#include <cstdint>

namespace hsmfront::shim {

struct Counter {
    char name[24];
    std::atomic<std::uint64_t> value;
};
static_assert(sizeof(Counter) == 32 && std::atomic<std::uint64_t>::is_always_lock_free);

enum CounterIndex : unsigned {
    inits,
    finalizes,
    opens,
    closes,
    logins,
    context_logins,
    sign_inits,
    signs,
    signs_failed,
    signing_now,
    last_mechanism,
    control_seen,  ///< version of the control file that the next two belong to
    stalled_first,
    failed_first,
    counter_count,
};

/// Starts with what the file holds; without HSMFRONT_SHIM_COUNTERS it counts for nobody.
class Counters {
  public:
    Counters();
    ~Counters();
    Counters(const Counters&) = delete;
    Counters& operator=(const Counters&) = delete;

    void add(CounterIndex index) { ++records_[index].value; }
    void subtract(CounterIndex index) { --records_[index].value; }
    void set(CounterIndex index, std::uint64_t value) { records_[index].value = value; }
    [[nodiscard]] std::uint64_t value(CounterIndex index) const { return records_[index].value; }

  private:
    Counter* records_;
};

}  // namespace hsmfront::shim
