#include "proxy/net/poller.hpp"

#include "loop_fixture.hpp"
#include "proxy/net/errc.hpp"
#include "proxy/net/socket_io.hpp"

#include <array>
#include <string>
#include <sys/mman.h>

namespace hsmfront::net {
namespace {

using namespace std::chrono_literals;
using State = Attempt::State;

void send_text(Socket& socket, std::string_view text, int flags = 0) {
    ASSERT_EQ(
        ::send(socket.native_handle(), text.data(), text.size(), flags),
        static_cast<ssize_t>(text.size())
    );
}

/// Runs `body(SocketIo&, Socket&)`, of which the second is the peer of the first.
void between(Task<void> (*body)(SocketIo&, Socket&)) {
    test::Loop loop;
    auto [left, right] = loop.socket_pair();
    SocketIo io((Socket(std::move(left))));
    Socket peer(std::move(right));
    loop.run(body(io, peer));
}

Task<void> remembers(SocketIo& io, Socket& peer) {
    std::array<char, 16> space{};
    // Not watched yet, so it has to be tried.
    EXPECT_EQ(io.receive(space).state, State::want_read);
    send_text(peer, "abc");
    EXPECT_FALSE(co_await io.wait(Direction::read));
    EXPECT_EQ(io.receive(space).bytes, 3U);
    // Fewer bytes than there was space: nothing can be left, and no system call asks for it.
    EXPECT_FALSE(io.ready(Direction::read));
    send_text(peer, "d");
    EXPECT_EQ(io.receive(space).state, State::want_read) << "until the loop has looked";
    EXPECT_FALSE(co_await io.wait(Direction::read));
    EXPECT_EQ(io.receive(space).bytes, 1U);
}

TEST(Watched, KnowsThatNothingIsLeftAfterAShortRead) { between(remembers); }

Task<void> keeps_the_rest(SocketIo& io, Socket& peer) {
    std::array<char, 2> space{};
    EXPECT_EQ(io.receive(space).state, State::want_read);
    send_text(peer, "abcd");
    EXPECT_FALSE(co_await io.wait(Direction::read));
    EXPECT_EQ(io.receive(space).bytes, 2U);
    EXPECT_TRUE(io.ready(Direction::read));
    EXPECT_FALSE(co_await io.wait(Direction::read)) << "returns at once";
    EXPECT_EQ(io.receive(space).bytes, 2U);
    EXPECT_EQ(io.receive(space).state, State::want_read);
}

TEST(Watched, IsReadyWhileMoreMayBeThere) { between(keeps_the_rest); }

Task<void> end_stays(SocketIo& io, Socket& peer) {
    std::array<char, 16> space{};
    EXPECT_EQ(io.receive(space).state, State::want_read);
    send_text(peer, "bye");
    EXPECT_FALSE(peer.shutdown_send());
    EXPECT_FALSE(co_await io.wait(Direction::read));
    EXPECT_EQ(io.receive(space).bytes, 3U);
    EXPECT_FALSE(co_await io.wait(Direction::read)) << "the end is not told a second time";
    EXPECT_EQ(io.receive(space).error, make_error_code(Errc::eof));
}

TEST(Watched, EndThatCameWithTheLastBytesIsNotMissed) { between(end_stays); }

Task<void> passes_marks(SocketIo& io, Socket& peer) {
    io.socket().keep_urgent_inline();
    std::array<char, 16> space{};
    EXPECT_EQ(io.receive(space).state, State::want_read);
    send_text(peer, "ab");
    send_text(peer, "!", MSG_OOB);
    send_text(peer, "cd");
    std::string got;
    while (got.size() < 5) {
        EXPECT_FALSE(co_await io.wait(Direction::read));
        const Attempt attempt = io.receive(space);
        if (attempt.state == State::done) {
            got.append(space.data(), attempt.bytes);
        } else {
            EXPECT_EQ(attempt.state, State::want_read);
        }
    }
    EXPECT_EQ(got, "ab!cd");
}

TEST(Watched, ReadThatEndsAtAnUrgentMarkIsNotTheLast) { between(passes_marks); }

Task<void> fills(SocketIo& io, Socket& peer) {
    const std::string piece(64 * 1024, 'x');
    std::size_t sent = 0;
    Attempt attempt;
    while ((attempt = io.send(piece)).state == State::done) {
        sent += attempt.bytes;
    }
    EXPECT_EQ(attempt.state, State::want_write);
    std::string got(sent, '\0');
    std::size_t taken = 0;
    while (taken < sent) {
        const ssize_t n = ::recv(peer.native_handle(), got.data(), got.size(), 0);
        if (n > 0) {
            taken += static_cast<std::size_t>(n);
        } else {
            peer.watched().exhausted(Direction::read);
            EXPECT_FALSE(co_await peer.watched().wait(Direction::read));
        }
    }
    EXPECT_FALSE(co_await io.wait(Direction::write));
    EXPECT_EQ(io.send(std::string_view("y")).bytes, 1U);
}

TEST(Watched, WaitsUntilAFullSocketTakesMore) { between(fills); }

Task<void> closes(SocketIo& io, Socket&) {
    std::array<char, 1> space{};
    EXPECT_EQ(io.receive(space).state, State::want_read);
    const Executor executor = co_await asio::this_coro::executor;
    asio::post(executor, [&io] { io.close(); });
    EXPECT_EQ(co_await io.wait(Direction::read), make_error_code(asio::error::operation_aborted));
    EXPECT_EQ(co_await io.wait(Direction::read), make_error_code(asio::error::operation_aborted));
}

TEST(Watched, CloseEndsWaits) { between(closes); }

Task<void> is_interrupted(SocketIo& io, Socket&) {
    std::array<char, 1> space{};
    EXPECT_EQ(io.receive(space).state, State::want_read);
    asio::post(co_await asio::this_coro::executor, [&io] { io.interrupt(Errc::timed_out); });
    EXPECT_EQ(co_await io.wait(Direction::read), make_error_code(Errc::timed_out));
    EXPECT_EQ(co_await io.wait(Direction::read), make_error_code(Errc::timed_out)) << "for good";
}

TEST(Watched, InterruptionEndsWaits) { between(is_interrupted); }

Task<void> breaks(SocketIo& io, Socket& peer) {
    std::array<char, 1> space{};
    EXPECT_EQ(io.receive(space).state, State::want_read);
    SocketIo(std::move(peer)).reset();
    EXPECT_FALSE(co_await io.wait(Direction::read));
    EXPECT_EQ(io.receive(space).state, State::failed);
    EXPECT_EQ(io.send(std::string_view("x")).state, State::failed) << "an error, and no signal";
}

TEST(Watched, ResetIsToldToBothDirections) { between(breaks); }

TEST(Watched, DescriptorThatCannotBeWatchedIsAnError) {
    test::Loop loop;
    const auto wait = [](Watched& watched) -> Task<void> {
        EXPECT_TRUE(co_await watched.wait(Direction::read));
    };
    Watched plain(net::Loop::of(loop.executor()), ::memfd_create("plain", MFD_CLOEXEC));
    loop.run(wait(plain));
}

}  // namespace
}  // namespace hsmfront::net
