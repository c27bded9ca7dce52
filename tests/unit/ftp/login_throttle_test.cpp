#include "proxy/ftp/login_throttle.hpp"

#include <gtest/gtest.h>

namespace hsmfront::ftp {
namespace {

using namespace std::chrono_literals;

const auto one = net::asio::ip::make_address("192.0.2.1");
const auto other = net::asio::ip::make_address("2001:db8::1");

TEST(FtpLoginThrottle, BlocksAnAddressUntilItsRateHasRecovered) {
    LoginThrottle throttle({2, 10s});
    const auto now = LoginThrottle::Clock::now();
    throttle.count(one, now);
    EXPECT_FALSE(throttle.blocks(one, now));
    throttle.count(one, now);
    EXPECT_TRUE(throttle.blocks(one, now));
    EXPECT_FALSE(throttle.blocks(other, now));
    EXPECT_TRUE(throttle.blocks(one, now + 4s));
    EXPECT_FALSE(throttle.blocks(one, now + 5s));
}

TEST(FtpLoginThrottle, WithoutARateBlocksNobody) {
    LoginThrottle throttle({0, 1s});
    for (int i = 0; i < 1000; ++i) {
        throttle.count(one);
    }
    EXPECT_FALSE(throttle.blocks(one));
}

}  // namespace
}  // namespace hsmfront::ftp
