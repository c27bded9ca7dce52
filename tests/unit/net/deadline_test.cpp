#include "proxy/net/deadline.hpp"

#include "loop_fixture.hpp"
#include "proxy/net/event.hpp"

namespace hsmfront::net {
namespace {

using namespace std::chrono_literals;

class Target final : public Interruptible {
  public:
    void interrupt(error_code why) noexcept override {
        reason = why;
        interrupted.notify();
    }
    Event interrupted;
    error_code reason;
};

Task<void> expires(Executor executor) {
    Target target;
    const auto start = Clock::now();
    const Deadline deadline(executor, {&target}, 30ms);
    co_await target.interrupted.wait();
    EXPECT_EQ(target.reason, make_error_code(Errc::timed_out));
    EXPECT_TRUE(deadline.expired());
    EXPECT_GE(Clock::now() - start, 30ms);
}

TEST(Watchdog, InterruptsItsTargetsWhenTimePasses) {
    test::Loop loop;
    loop.run(expires(loop.executor()));
}

Task<void> touched(Executor executor) {
    Target target;
    Watchdog watchdog(executor, {&target}, 60ms);
    Timer step(executor);
    for (int i = 0; i < 6; ++i) {  // 6 × 20 ms is twice the limit
        step.expires_after(20ms);
        co_await step.async_wait(as_tuple);
        EXPECT_FALSE(watchdog.expired()) << i;
        watchdog.touch();
    }
    co_await target.interrupted.wait();
    EXPECT_TRUE(watchdog.expired());
}

TEST(Watchdog, TouchMovesTheLimit) {
    test::Loop loop;
    loop.run(touched(loop.executor()));
}

Task<void> paused_and_restarted(Executor executor) {
    Target target;
    Watchdog watchdog(executor, {&target}, 20ms);
    watchdog.pause();
    Timer step(executor, 60ms);
    co_await step.async_wait(as_tuple);
    EXPECT_FALSE(watchdog.expired()) << "a paused watchdog does not expire";
    watchdog.restart(10s);
    watchdog.restart(10ms);  // nearer than the armed timer
    const auto start = Clock::now();
    co_await target.interrupted.wait();
    EXPECT_LT(Clock::now() - start, 5s);
}

TEST(Watchdog, PausesAndRestartsWithANearerLimit) {
    test::Loop loop;
    loop.run(paused_and_restarted(loop.executor()));
}

Task<void> ends_before(Executor executor, Target& target) {
    { const Deadline deadline(executor, {&target}, 1ms); }
    Timer step(executor, 20ms);
    co_await step.async_wait(as_tuple);
    EXPECT_FALSE(target.reason);
}

TEST(Watchdog, DoesNothingOnceItIsGone) {
    test::Loop loop;
    Target target;
    loop.run(ends_before(loop.executor(), target));
}

}  // namespace
}  // namespace hsmfront::net
