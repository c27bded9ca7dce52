#include "proxy/net/loop.hpp"

#include "loop_fixture.hpp"
#include "proxy/net/event.hpp"
#include "proxy/net/frame_memory.hpp"

#include <boost/asio/write.hpp>

#include <future>
#include <thread>
#include <vector>

namespace hsmfront::net {
namespace {

using namespace std::chrono_literals;

/// A worker: a thread in Loop::run().
class Worker {
  public:
    Worker() : thread_([this] { loop().run(); }) {}
    ~Worker() {
        loop().post([this] { context_.stop(); });
        thread_.join();
    }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    [[nodiscard]] net::Loop& loop() { return net::Loop::of(context_.get_executor()); }
    [[nodiscard]] Executor executor() { return context_.get_executor(); }

  private:
    asio::io_context context_{1};
    std::thread thread_;
};

const auto ignore = [](const std::exception_ptr&) {};

Task<void> tell_thread(std::promise<std::thread::id>& where) {
    where.set_value(std::this_thread::get_id());
    co_return;
}

TEST(LoopRun, TakesWhatOtherThreadsPostWhileItWaits) {
    Worker worker;
    for (int i = 0; i < 1000; ++i) {  // each finds it waiting, about to wait, or awake
        std::promise<std::thread::id> posted;
        worker.loop().post([&] { posted.set_value(std::this_thread::get_id()); });
        ASSERT_NE(posted.get_future().get(), std::this_thread::get_id());
    }
}

TEST(LoopRun, StartsTasksFromOtherThreadsOnItsOwn) {
    Worker worker;
    for (int i = 0; i < 1000; ++i) {
        std::promise<std::thread::id> where;
        spawn(worker.executor(), tell_thread(where), ignore);
        ASSERT_NE(where.get_future().get(), std::this_thread::get_id());
    }
}

Task<void> wait_by_asio(std::promise<void>& done) {
    Timer timer(co_await asio::this_coro::executor, 1ms);
    const auto [ec] = co_await timer.async_wait(as_tuple);
    EXPECT_FALSE(ec);
    done.set_value();
}

TEST(LoopRun, AwaitsOperationsOfAsios) {
    Worker worker;
    std::promise<void> done;
    spawn(worker.executor(), wait_by_asio(done), ignore);
    done.get_future().get();
}

Task<void> wait_for_limit(std::promise<Clock::duration>& waited) {
    Event never;
    const auto start = Clock::now();
    co_await never.wait_for(20ms);
    waited.set_value(Clock::now() - start);
}

TEST(LoopRun, WakesWhenALimitOfTimeHasCome) {
    Worker worker;
    std::promise<Clock::duration> waited;
    spawn(worker.executor(), wait_for_limit(waited), ignore);
    EXPECT_GE(waited.get_future().get(), 20ms);
}

Task<void> read_a_byte(Socket socket, std::promise<char>& got) {
    Watched& watched = socket.watched();
    char byte = 0;
    while (::recv(watched.fd(), &byte, 1, 0) != 1) {
        watched.exhausted(Direction::read);
        EXPECT_FALSE(co_await watched.wait(Direction::read));
    }
    got.set_value(byte);
}

TEST(LoopRun, WakesWhenASocketIsReady) {
    Worker worker;
    test::Loop mine;
    auto [near, far] = mine.socket_pair();
    far.native_non_blocking(true);
    std::promise<char> got;
    spawn(worker.executor(), read_a_byte(Socket(worker.executor(), far.release()), got), ignore);
    asio::write(near, asio::buffer("x", 1));
    EXPECT_EQ(got.get_future().get(), 'x');
}

struct Guard {
    bool& gone;
    ~Guard() { gone = true; }
};

Task<void> wait_for_ever(bool& gone) {
    const Guard guard{gone};
    Event never;
    co_await never.wait();
}

Task<void> call(Task<void> task) { co_await std::move(task); }

TEST(Spawn, TaskEndsWithItsLoop) {
    bool gone = false;
    bool told = false;
    {
        asio::io_context context{1};
        spawn(context.get_executor(), call(wait_for_ever(gone)), [&](const std::exception_ptr&) {
            told = true;
        });
        context.poll();
        EXPECT_FALSE(gone);
    }
    EXPECT_TRUE(gone);
    EXPECT_FALSE(told) << "nobody is told of a task that its loop ended";
}

TEST(Spawn, TaskThatNeverBeganEndsWithItsLoop) {
    bool begun = false;
    auto task = [](bool& flag) -> Task<void> {
        flag = true;
        co_return;
    };
    {
        asio::io_context context{1};
        spawn(context.get_executor(), task(begun), ignore);
    }
    EXPECT_FALSE(begun);
}

Task<int> fail_after(Event& event) {
    co_await event.wait();
    throw std::runtime_error("on purpose");
}

Task<void> pass_on(Event& event, bool& came) {
    try {
        co_await fail_after(event);
    } catch (const std::runtime_error&) {
        came = true;
        throw;
    }
}

TEST(Spawn, TellsTheErrorThatEndedIt) {
    asio::io_context context{1};
    Event event;
    bool came = false;
    std::exception_ptr told;
    spawn(context.get_executor(), pass_on(event, came), [&](const std::exception_ptr& error) {
        told = error;
    });
    context.poll();
    EXPECT_FALSE(told);
    event.notify();
    context.poll();
    EXPECT_TRUE(came);
    EXPECT_TRUE(told);
}

Task<int> one() { co_return 1; }

Task<void> count_deep(int& sum) {
    for (int i = 0; i < 1'000'000; ++i) {
        sum += co_await one();
    }
}

TEST(Spawn, CallsThatWaitForNothingLeaveTheStackFlat) {
    test::Loop loop;
    int sum = 0;
    loop.run(count_deep(sum));
    EXPECT_EQ(sum, 1'000'000);
}

Task<void> take_turns(std::vector<int>& order, int name) {
    for (int i = 0; i < 3; ++i) {
        order.push_back(name);
        co_await Yield();
    }
}

TEST(Yield, LetsOthersHaveTheirTurn) {
    asio::io_context context{1};
    std::vector<int> order;
    spawn(context.get_executor(), take_turns(order, 1), ignore);
    spawn(context.get_executor(), take_turns(order, 2), ignore);
    context.run();
    EXPECT_EQ(order, (std::vector{1, 2, 1, 2, 1, 2}));
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they see each use

TEST(FrameMemory, IsTakenAgainByFramesOfAboutTheSameSize) {
    void* const first = allocate_frame(100);
    free_frame(first, 100);
    void* const second = allocate_frame(128);
    EXPECT_EQ(first, second);
    void* const third = allocate_frame(128);
    EXPECT_NE(second, third);
    free_frame(third, 128);
    free_frame(second, 128);
}

TEST(FrameMemory, OfOneThreadMayBeFreedByAnother) {
    void* frame = nullptr;
    std::thread([&] { frame = allocate_frame(100); }).join();
    free_frame(frame, 100);
    EXPECT_EQ(allocate_frame(100), frame);
    std::thread([&] { free_frame(frame, 100); }).join();
}

#endif

}  // namespace
}  // namespace hsmfront::net
