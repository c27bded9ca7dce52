#include "proxy/net/tcp_stream.hpp"

#include "loop_fixture.hpp"
#include "proxy/net/connector.hpp"
#include "proxy/net/deadline.hpp"
#include "proxy/net/relay.hpp"
#include "proxy/net/task_group.hpp"

#include <gmock/gmock.h>

namespace hsmfront::net {
namespace {

using namespace std::chrono_literals;

Task<void> end_of_stream(Socket left, Socket right) {
    TcpStream writer(std::move(left));
    TcpStream reader(std::move(right));
    EXPECT_FALSE(co_await write_all(writer, std::string_view("hello")));
    EXPECT_FALSE(co_await writer.shutdown_send());
    std::array<char, 16> buffer{};
    const auto got = co_await read_some(reader, buffer);
    EXPECT_TRUE(got);
    EXPECT_EQ(std::string_view(buffer.data(), *got), "hello");
    const auto end = co_await read_some(reader, buffer);
    EXPECT_EQ(end.error(), make_error_code(Errc::eof));
}

TEST(TcpStream, TellsFinAsEof) {
    test::Loop loop;
    auto [left, right] = loop.socket_pair();
    loop.run(end_of_stream(std::move(left), std::move(right)));
}

Task<void> reset_is_seen(Socket left, Socket right) {
    TcpStream writer(std::move(left));
    TcpStream reader(std::move(right));
    EXPECT_FALSE(co_await write_all(writer, std::string_view("partial")));
    writer.reset();
    std::array<char, 16> buffer{};
    auto got = co_await read_some(reader, buffer);
    if (got) {  // what was already delivered may still be read
        got = co_await read_some(reader, buffer);
    }
    EXPECT_FALSE(got);
    EXPECT_NE(got.error(), make_error_code(Errc::eof));
}

TEST(TcpStream, ResetIsNeverAnOrderlyEnd) {
    test::Loop loop;
    auto [left, right] = loop.socket_pair();
    loop.run(reset_is_seen(std::move(left), std::move(right)));
}

Task<void> lease_waits_without_buffer(Socket left, Socket right, BufferPool& pool) {
    TcpStream writer(std::move(left));
    TcpStream reader(std::move(right));
    const auto executor = co_await asio::this_coro::executor;
    const Deadline deadline(executor, {&reader}, 30ms);
    {
        const auto nothing = co_await read_lease(reader, pool);
        EXPECT_EQ(nothing.error(), make_error_code(Errc::timed_out));
    }
    EXPECT_EQ(pool.lent(), 0U);
    reader.resume();
    EXPECT_FALSE(co_await write_all(writer, std::string_view("x")));
    const auto lease = co_await read_lease(reader, pool);
    EXPECT_TRUE(lease);
    EXPECT_EQ(lease->size(), 1U);
    EXPECT_EQ(pool.lent(), 1U);
}

TEST(BufferPool, LendsOnlyWhileBytesAreInHand) {
    test::Loop loop;
    BufferPool pool;
    auto [left, right] = loop.socket_pair();
    loop.run(lease_waits_without_buffer(std::move(left), std::move(right), pool));
    EXPECT_EQ(pool.lent(), 0U);
}

struct Pumped {
    RelayResult result;
    std::uint64_t bytes = 0;
};

Task<void> pump(Transport& source, Transport& sink, BufferPool& pool, Pumped& pumped) {
    const auto executor = co_await asio::this_coro::executor;
    Watchdog watchdog(executor, {&source, &sink}, 10s);
    pumped.result = co_await relay(source, sink, pool, watchdog, pumped.bytes);
    static_cast<void>(co_await sink.shutdown_send());
}

Task<void> feed(Transport& transport, const std::string& bytes) {
    EXPECT_FALSE(co_await write_all(transport, std::string_view(bytes)));
    EXPECT_FALSE(co_await transport.shutdown_send());
}

Task<void> relay_all(
    std::pair<Socket, Socket> in, std::pair<Socket, Socket> out, BufferPool& pool
) {
    TcpStream client(std::move(in.first));
    TcpStream source(std::move(in.second));
    TcpStream sink(std::move(out.first));
    TcpStream backend(std::move(out.second));
    const auto executor = co_await asio::this_coro::executor;
    std::string sent(3'000'000, '\0');
    for (std::size_t i = 0; i < sent.size(); ++i) {
        sent[i] = static_cast<char>(i * 31 + i / 977);
    }
    Pumped pumped;
    TaskGroup tasks(executor);
    tasks.spawn(pump(source, sink, pool, pumped), "pump");
    tasks.spawn(feed(client, sent), "feed");
    std::string received;
    for (;;) {
        const auto piece = co_await read_lease(backend, pool);
        if (!piece) {
            EXPECT_EQ(piece.error(), make_error_code(Errc::eof));
            break;
        }
        received.append(piece->data().data(), piece->size());
    }
    co_await tasks.join();
    EXPECT_TRUE(pumped.result.complete());
    EXPECT_EQ(pumped.bytes, sent.size());
    EXPECT_TRUE(received == sent);
}

TEST(Relay, DeliversEveryByteInOrder) {
    test::Loop loop;
    BufferPool pool;
    auto in = loop.socket_pair();
    auto out = loop.socket_pair();
    loop.run(relay_all(std::move(in), std::move(out), pool));
}

Task<void> connect_refused(Executor executor, std::uint16_t port) {
    const config::Endpoint target{"127.0.0.1", port};
    Connector connector(executor);
    const auto refused = co_await connector.connect(target, milliseconds{5000});
    EXPECT_FALSE(refused);
    EXPECT_EQ(refused.error(), asio::error::connection_refused) << refused.error().message();
}

TEST(Connector, ReportsARefusedConnection) {
    test::Loop loop;
    Acceptor reserved(loop.executor(), {asio::ip::address_v4::loopback(), 0}, false);
    const auto port = reserved.local_endpoint().port();
    reserved.close();
    loop.run(connect_refused(loop.executor(), port));
}

Task<void> connect_by_name(Executor executor, std::uint16_t port) {
    const config::Endpoint target{"localhost", port};
    Connector connector(executor);
    const auto socket = co_await connector.connect(target, milliseconds{5000});
    EXPECT_TRUE(socket) << socket.error().message();
}

TEST(Connector, TriesTheAddressesOfAName) {
    test::Loop loop;
    Acceptor acceptor(loop.executor(), {asio::ip::address_v4::loopback(), 0});
    loop.run(connect_by_name(loop.executor(), acceptor.local_endpoint().port()));
}

}  // namespace
}  // namespace hsmfront::net
