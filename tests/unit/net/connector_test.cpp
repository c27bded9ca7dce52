// Connector: what a connect that is not answered costs.
#include "proxy/net/connector.hpp"

#include "full_port.hpp"
#include "loop_fixture.hpp"
#include "proxy/net/errc.hpp"

namespace hsmfront::net::test {
namespace {

using namespace std::chrono_literals;

tcp::endpoint endpoint_of(const FullPort& port) {
    return {asio::ip::address_v4::loopback(), port.number()};
}

Task<void> connect_to(Executor executor, tcp::endpoint target, milliseconds limit, error_code& ec) {
    const Result<Socket> socket = co_await connect(executor, target, limit);
    ec = socket ? error_code() : socket.error();
}

Task<void> connect_with(Connector& connector, tcp::endpoint target, error_code& ec) {
    const Result<Socket> socket = co_await connector.connect(target, 20s);
    ec = socket ? error_code() : socket.error();
}

Task<void> interrupt_soon(Executor executor, Connector& connector) {
    Timer timer(executor, 20ms);
    co_await timer.async_wait(as_tuple);
    connector.interrupt(Errc::stopped);
}

TEST(Connector, OthersGoOnWhileAConnectIsNotAnswered) {
    const FullPort port;
    Loop loop;
    error_code ec;
    const auto begun = Clock::now();
    loop.run(connect_to(loop.executor(), endpoint_of(port), 50ms, ec));
    EXPECT_EQ(ec, Errc::timed_out);
    EXPECT_LT(Clock::now() - begun, 2s);
}

TEST(Connector, CanBeInterrupted) {
    const FullPort port;
    Loop loop;
    Connector connector(loop.executor());
    error_code ec;
    spawn(loop.executor(), interrupt_soon(loop.executor(), connector), [](const auto&) {});
    loop.run(connect_with(connector, endpoint_of(port), ec));
    EXPECT_EQ(ec, Errc::stopped);
}

}  // namespace
}  // namespace hsmfront::net::test
