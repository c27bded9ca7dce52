// The end of what looks again and again.
#include "proxy/runtime/memory_watch.hpp"

#include <gtest/gtest.h>

namespace hsmfront::runtime {
namespace {

using namespace std::chrono_literals;

/// Both timers have expired when the loop looks at them, so that the second is queued behind the
/// first.
TEST(MemoryWatch, EndsWhileALookIsDue) {
    net::asio::io_context loop{1};
    Admission admission{config::Limits{}};
    MemoryWatch watch(loop, admission, 10ms);
    net::asio::steady_timer end(loop, 5ms);
    end.async_wait([&watch](const error_code&) { watch.end(); });
    watch.start();
    const auto both_expired = net::Clock::now() + 15ms;
    net::asio::post(loop, [both_expired] {
        while (net::Clock::now() < both_expired) {
        }
    });
    loop.run_for(5s);
    EXPECT_TRUE(loop.stopped()) << "it looks on";
}

}  // namespace
}  // namespace hsmfront::runtime
