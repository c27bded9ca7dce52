#include "proxy/net/port_range.hpp"

#include "loop_fixture.hpp"
#include "proxy/net/errc.hpp"

#include <set>
#include <unistd.h>

namespace hsmfront::net {
namespace {

/// `count` neighbouring ports that are free now. Tests run beside each other, each in a process of
/// its own: neighbouring processes look in different places.
config::PortRange free_ports(test::Loop& loop, std::uint16_t count) {
    // Below the ports of the integration tests (12000 up) and of outgoing connections.
    constexpr unsigned blocks = 1000;
    const auto own = static_cast<unsigned>(::getpid());
    for (unsigned i = 0; i < blocks; ++i) {
        const unsigned first = 4000 + (own + i) % blocks * 8;
        bool free = true;
        for (unsigned port = first; free && port < first + count; ++port) {
            Acceptor acceptor(loop.executor(), tcp::v4());
            error_code ec;
            acceptor.bind({asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(port)}, ec);
            free = !ec;
        }
        if (free) {
            return {
                static_cast<std::uint16_t>(first), static_cast<std::uint16_t>(first + count - 1)};
        }
    }
    return {};
}

TEST(PortRange, LendsEachPortOnceAndThenNone) {
    test::Loop loop;
    PortRange range(free_ports(loop, 4));
    std::vector<PortRange::Loan> loans;
    std::set<std::uint16_t> ports;
    for (int i = 0; i < 4; ++i) {
        auto loan = range.lend(loop.executor(), asio::ip::address_v4::loopback());
        ASSERT_TRUE(loan) << loan.error().message();
        ports.insert(loan->port());
        loans.push_back(std::move(*loan));
    }
    EXPECT_EQ(ports.size(), 4U);
    const auto none = range.lend(loop.executor(), asio::ip::address_v4::loopback());
    EXPECT_EQ(none.error(), make_error_code(Errc::no_port));
}

TEST(PortRange, PrefersPortsThatHaveRested) {
    test::Loop loop;
    PortRange range(free_ports(loop, 4));
    std::set<std::uint16_t> ports;
    for (int i = 0; i < 4; ++i) {
        const auto loan = range.lend(loop.executor(), asio::ip::address_v4::loopback());
        ASSERT_TRUE(loan) << loan.error().message();
        ports.insert(loan->port());
    }
    EXPECT_EQ(ports.size(), 4U) << "a port was lent again while others had rested";
}

TEST(PortRange, LendsTheLongestRestedPortWhenAllAreResting) {
    test::Loop loop;
    PortRange range(free_ports(loop, 2));
    const auto lend_once = [&] {
        const auto loan = range.lend(loop.executor(), asio::ip::address_v4::loopback());
        return loan ? loan->port() : std::uint16_t{0};
    };
    const auto first = lend_once();
    const auto second = lend_once();
    EXPECT_NE(first, second);
    EXPECT_EQ(lend_once(), first);
    EXPECT_EQ(lend_once(), second);
}

TEST(PortRange, PassesOverAPortThatIsInUse) {
    test::Loop loop;
    const auto ports = free_ports(loop, 2);
    const Acceptor other(loop.executor(), {asio::ip::address_v4::loopback(), ports.first});
    PortRange range(ports);
    const auto loan = range.lend(loop.executor(), asio::ip::address_v4::loopback());
    ASSERT_TRUE(loan) << loan.error().message();
    EXPECT_EQ(loan->port(), ports.last);
}

}  // namespace
}  // namespace hsmfront::net
