#include "proxy/log/limiter.hpp"

#include <algorithm>
#include <functional>
#include <string>

namespace hsmfront::log {
namespace {

constexpr unsigned count_bits = 24;
constexpr std::uint64_t most = (std::uint64_t{1} << count_bits) - 1;

/// The text with "..." for what differs from line to line.
std::string pattern_of(fmt::string_view text) {
    std::string pattern;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text.data()[i] != '{') {
            pattern.push_back(text.data()[i]);
            continue;
        }
        pattern += "...";
        while (i + 1 < text.size() && text.data()[i] != '}') {
            ++i;
        }
    }
    return pattern;
}

}  // namespace

void Limiter::set(const config::Rate& rate) noexcept {
    per_ = std::max<std::int64_t>(rate.per.count(), 1);
    limit_ = rate.count > most ? 0 : rate.count;
}

bool Limiter::allow(const Kind& kind, Clock::time_point now) noexcept {
    const std::uint64_t limit = limit_.load(std::memory_order_relaxed);
    Slot* const slot = limit == 0 ? nullptr : find(kind.text.data());
    if (slot == nullptr) {
        return true;
    }
    const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch());
    const auto current = static_cast<std::uint64_t>(time.count() / per_.load());
    std::uint64_t used = slot->used.load();
    for (;;) {
        const bool same = used >> count_bits == current;
        const std::uint64_t lines = same ? used & most : 0;
        if (lines >= limit) {
            slot->size = kind.text.size();
            slot->component = kind.component;
            slot->level = kind.level;
            ++slot->held_back;
            return false;
        }
        if (slot->used.compare_exchange_weak(used, current << count_bits | (lines + 1))) {
            return true;
        }
    }
}

/// Null if there is no room for one more.
Limiter::Slot* Limiter::find(const char* text) noexcept {
    const std::size_t first = std::hash<const char*>{}(text)*0x9e3779b97f4a7c15U >> 32U;
    for (std::size_t i = 0; i < 16; ++i) {
        Slot& slot = slots_[(first + i) % slots_.size()];
        const char* found = slot.text.load();
        if (found == text || (found == nullptr && slot.text.compare_exchange_strong(found, text)) ||
            found == text) {
            return &slot;
        }
    }
    return nullptr;
}

Limiter& limiter() {
    static Limiter limiter;
    return limiter;
}

void tell_repeats() {
    limiter().tell([](const Kind& kind, std::uint64_t count) {
        const std::string pattern = pattern_of(kind.text);
        const auto seconds = Limiter::period.count();
        if (kind.component->writes(kind.level)) {
            kind.component->put_always(
                {kind.level},
                "{} more lines like \"{}\" within {} s (log.repeats)",
                fmt::make_format_args(count, pattern, seconds)
            );
        }
    });
}

}  // namespace hsmfront::log
