// Connecting, also to a server that does not answer.
#include "proxy/net/connector.hpp"

#include "loop_fixture.hpp"
#include "proxy/net/errc.hpp"

#include <deque>

namespace hsmfront::net {
namespace {

using namespace std::chrono_literals;

Task<void> connects(Executor executor, tcp::endpoint target) {
    const Result<Socket> socket = co_await connect(executor, target, 5s);
    EXPECT_TRUE(socket.has_value());
}

TEST(Connector, ReachesAListener) {
    test::Loop loop;
    Acceptor acceptor(loop.executor(), {asio::ip::address_v4::loopback(), 0});
    loop.run(connects(loop.executor(), acceptor.local_endpoint()));
}

Task<void> is_refused(Executor executor, tcp::endpoint target) {
    const Result<Socket> socket = co_await connect(executor, target, 5s);
    EXPECT_EQ(socket.error(), asio::error::connection_refused);
}

TEST(Connector, TellsARefusal) {
    test::Loop loop;
    tcp::endpoint target;
    {
        Acceptor acceptor(loop.executor(), {asio::ip::address_v4::loopback(), 0});
        target = acceptor.local_endpoint();
    }
    loop.run(is_refused(loop.executor(), target));
}

Task<void> gives_up(Executor executor, tcp::endpoint target) {
    const auto begun = Clock::now();
    const Result<Socket> socket = co_await connect(executor, target, 100ms);
    EXPECT_EQ(socket.error(), make_error_code(Errc::timed_out));
    EXPECT_LT(Clock::now() - begun, 900ms);  // the kernel would send SYN again after a second
}

TEST(Connector, DoesNotWaitForAServerThatDoesNotAnswer) {
    test::Loop loop;
    Acceptor acceptor(loop.executor());
    acceptor.open(tcp::v4());
    acceptor.bind({asio::ip::address_v4::loopback(), 0});
    acceptor.listen(0);
    // A full backlog drops what comes.
    std::deque<Socket> waiting;
    for (int i = 0; i < 2; ++i) {
        Socket& socket = waiting.emplace_back(loop.executor());
        socket.open(tcp::v4());
        socket.non_blocking(true);
        const tcp::endpoint target = acceptor.local_endpoint();
        ::connect(socket.native_handle(), target.data(), static_cast<socklen_t>(target.size()));
    }
    loop.run(gives_up(loop.executor(), acceptor.local_endpoint()));
}

}  // namespace
}  // namespace hsmfront::net
