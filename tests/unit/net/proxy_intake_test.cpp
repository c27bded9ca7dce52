// Headers from a socket: exactly their bytes are taken, however they arrive.
#include "proxy/net/proxy_intake.hpp"

#include "loop_fixture.hpp"
#include "proxy/net/errc.hpp"
#include "proxy/net/task_group.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

namespace hsmfront::net {
namespace {

using namespace std::chrono_literals;

const std::string header = "PROXY TCP4 192.0.2.1 198.51.100.2 1000 21\r\n";

/// A balancer that sends its bytes in pieces, and what is made of them.
struct Scene {
    Scene(test::Loop& loop, std::pair<test::Loop::AsioSocket, test::Loop::AsioSocket> ends)
        : executor(loop.executor()),
          balancer(std::move(ends.first)),
          io(std::move(ends.second)),
          tasks(executor) {}

    Executor executor;
    test::Loop::AsioSocket balancer;
    SocketIo io;
    TaskGroup tasks;
    milliseconds limit = 5s;
    Result<HeaderProgress> outcome = error_code{};
    std::string rest;
};

Task<void> send(Scene& scene, std::string bytes, std::size_t piece) {
    Timer timer(scene.executor);
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        const std::string part = bytes.substr(at, piece);
        co_await asio::async_write(scene.balancer, asio::buffer(part), as_tuple);
        timer.expires_after(1ms);
        co_await timer.async_wait(as_tuple);
    }
}

Task<void> receive(Scene& scene, std::size_t rest) {
    scene.outcome = co_await receive_proxy_header(scene.executor, scene.io, scene.limit);
    while (scene.rest.size() < rest) {
        std::array<char, 64> space{};
        const Attempt attempt = scene.io.receive(space);
        EXPECT_NE(attempt.state, Attempt::State::failed);
        scene.rest.append(space.data(), attempt.bytes);
        if (attempt.state == Attempt::State::want_read) {
            EXPECT_FALSE(co_await scene.io.wait(Direction::read));
        }
    }
}

Task<void> play(Scene& scene, std::string bytes, std::size_t piece, std::size_t rest) {
    scene.tasks.spawn(send(scene, std::move(bytes), piece), "balancer");
    scene.tasks.spawn(receive(scene, rest), "proxy");
    co_await scene.tasks.join();
}

TEST(ProxyIntake, TakesTheHeaderAndNothingElse) {
    const std::string behind = "\x16\x03\x01\r\n";
    for (const std::size_t piece : {1U, 2U, 7U, 1000U}) {
        test::Loop loop;
        Scene scene(loop, loop.socket_pair());
        loop.run(play(scene, header + behind, piece, behind.size()));
        ASSERT_TRUE(scene.outcome) << scene.outcome.error().message();
        EXPECT_EQ(scene.outcome->length, header.size());
        EXPECT_EQ(scene.outcome->addresses->source.address().to_string(), "192.0.2.1");
        EXPECT_EQ(scene.rest, behind) << "in pieces of " << piece;
    }
}

TEST(ProxyIntake, RefusesAtTheFirstWrongByte) {
    test::Loop loop;
    Scene scene(loop, loop.socket_pair());
    loop.run(play(scene, "\x16", 1, 0));
    EXPECT_EQ(scene.outcome.error(), make_error_code(HeaderErrc::no_signature));
}

TEST(ProxyIntake, DoesNotWaitLongerThanItsLimit) {
    test::Loop loop;
    Scene scene(loop, loop.socket_pair());
    scene.limit = 20ms;
    loop.run(play(scene, header.substr(0, 20), 20, 0));
    EXPECT_EQ(scene.outcome.error(), make_error_code(Errc::timed_out));
}

TEST(ProxyIntake, TellsAConnectionThatEndedBeforeItsHeader) {
    test::Loop loop;
    Scene scene(loop, loop.socket_pair());
    scene.balancer.close();
    loop.run(play(scene, "", 1, 0));
    EXPECT_EQ(scene.outcome.error(), make_error_code(Errc::eof));
}

Task<void> play_stop(Scene& scene) {
    scene.tasks.spawn(receive(scene, 0), "proxy");
    scene.io.interrupt(make_error_code(Errc::stopped));
    co_await scene.tasks.join();
}

TEST(ProxyIntake, EndsWhenStopped) {
    test::Loop loop;
    Scene scene(loop, loop.socket_pair());
    loop.run(play_stop(scene));
    EXPECT_EQ(scene.outcome.error(), make_error_code(Errc::stopped));
}

}  // namespace
}  // namespace hsmfront::net
