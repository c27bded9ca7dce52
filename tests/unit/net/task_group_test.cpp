#include "proxy/net/task_group.hpp"

#include "loop_fixture.hpp"

#include <stdexcept>

namespace hsmfront::net {
namespace {

Task<void> count(int& counter) {
    ++counter;
    co_return;
}

Task<void> fail() {
    throw std::runtime_error("thrown on purpose");
    co_return;  // makes it a coroutine
}

Task<void> group_of_three(Executor executor, int& counter) {
    TaskGroup tasks(executor);
    tasks.spawn(count(counter), "first");
    tasks.spawn(fail(), "second");
    tasks.spawn(count(counter), "third");
    co_await tasks.join();
    EXPECT_EQ(tasks.size(), 0U);
}

TEST(TaskGroup, JoinsAllEvenWhenOneThrows) {
    test::Loop loop;
    int counter = 0;
    loop.run(group_of_three(loop.executor(), counter));
    EXPECT_EQ(counter, 2);
}

Task<void> early(Event& event, bool& woken) {
    event.notify();
    co_await event.wait();
    woken = true;
}

TEST(Event, RemembersANotificationBeforeTheWait) {
    test::Loop loop;
    Event event;
    bool woken = false;
    loop.run(early(event, woken));
    EXPECT_TRUE(woken);
}

}  // namespace
}  // namespace hsmfront::net
