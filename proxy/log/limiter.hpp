// Limiter: how many lines of one kind are written (log.repeats).
#pragma once

#include "config/settings.hpp"
#include "proxy/log/component.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>

namespace hsmfront::log {

/// What lines of one place in the program have in common, however much their sessions and addresses
/// differ.
struct Kind {
    const Component* component;
    Level level;
    fmt::string_view text;  ///< a literal: its place in memory tells it from others
};

/// Thread-safe, without locks: workers log at the same time.
class Limiter {
  public:
    using Clock = std::chrono::steady_clock;
    /// How often tell() is to be called.
    static constexpr std::chrono::seconds period{10};

    /// None until set, as `rate.count` 0 is none.
    void set(const config::Rate& rate) noexcept;

    /// False: this line is one too many in its period. Such lines are counted.
    [[nodiscard]] bool allow(const Kind& kind, Clock::time_point now = Clock::now()) noexcept;

    /// Calls `say(kind, count)` for each kind of which lines were held back since the last call.
    template <class Say>
    void tell(Say say) {
        for (Slot& slot : slots_) {
            if (const auto count = slot.held_back.exchange(0); count != 0) {
                say(Kind{slot.component.load(), slot.level.load(), {slot.text.load(), slot.size}},
                    count);
            }
        }
    }

  private:
    struct Slot {
        std::atomic<const char*> text = nullptr;
        std::atomic<std::size_t> size = 0;
        std::atomic<const Component*> component = nullptr;
        std::atomic<Level> level = Level::off;
        std::atomic<std::uint64_t> used = 0;  ///< number of the period, and lines in it
        std::atomic<std::uint64_t> held_back = 0;
    };

    Slot* find(const char* text) noexcept;

    std::atomic<std::uint64_t> limit_ = 0;
    std::atomic<std::int64_t> per_ = 1000;  ///< milliseconds
    std::array<Slot, 512> slots_;           ///< more than there are places that log
};

/// The one of all components.
[[nodiscard]] Limiter& limiter();

/// One line for each kind of which lines were held back.
void tell_repeats();

}  // namespace hsmfront::log
