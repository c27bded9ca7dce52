// For LD_PRELOAD: a wall clock that runs FAST_CLOCK_RATE times as fast since FAST_CLOCK_SINCE
// (seconds since 1970), for all processes that are told the same. It can be set while it runs:
// the file FAST_CLOCK_OFFSET holds the seconds by which it is ahead, in 8 bytes. Other clocks, and
// whoever waits, keep to the time of day outside: only what is dated grows old.
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

namespace {

constexpr std::int64_t second = 1'000'000'000;

std::int64_t number(const char* name, std::int64_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::atoll(text);
}

timespec true_time(clockid_t clock) {
    timespec now{};
    ::syscall(SYS_clock_gettime, clock, &now);
    return now;
}

/// Shared with whoever sets the clock.
const std::int64_t& offset() {
    static const std::int64_t none = 0;
    static const void* const shared = [] {
        const char* path = std::getenv("FAST_CLOCK_OFFSET");
        const int file = path == nullptr ? -1 : ::open(path, O_RDONLY | O_CLOEXEC);
        return file < 0 ? MAP_FAILED : ::mmap(nullptr, sizeof none, PROT_READ, MAP_SHARED, file, 0);
    }();
    return shared == MAP_FAILED ? none : *static_cast<const std::int64_t*>(shared);
}

timespec fast_time() {
    static const std::int64_t rate = number("FAST_CLOCK_RATE", 1);
    static const std::int64_t since = number("FAST_CLOCK_SINCE", 0) * second;
    const timespec now = true_time(CLOCK_REALTIME);
    const std::int64_t ahead = *static_cast<const volatile std::int64_t*>(&offset()) * second;
    const std::int64_t fast = ahead + since + (now.tv_sec * second + now.tv_nsec - since) * rate;
    return {fast / second, fast % second};
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* out) noexcept {
    const bool wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
    *out = wall ? fast_time() : true_time(clock);
    return 0;
}

std::time_t time(std::time_t* out) noexcept {
    const std::time_t now = fast_time().tv_sec;
    if (out != nullptr) {
        *out = now;
    }
    return now;
}

int gettimeofday(timeval* __restrict out, void* __restrict) noexcept {
    const timespec now = fast_time();
    *out = {now.tv_sec, now.tv_nsec / 1000};
    return 0;
}
}
