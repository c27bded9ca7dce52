// Networks: prefixes of both families.
#include "proxy/net/networks.hpp"

#include <gtest/gtest.h>

namespace hsmfront::net {
namespace {

using boost::asio::ip::make_address;

TEST(Networks, MatchPrefixes) {
    const Networks networks({"10.0.0.0/8", "192.0.2.7", "2001:db8::/33", "nonsense", "1.2.3.4/33"});
    EXPECT_TRUE(networks.contains(make_address("10.255.0.1")));
    EXPECT_TRUE(networks.contains(make_address("::ffff:10.1.2.3")));
    EXPECT_TRUE(networks.contains(make_address("192.0.2.7")));
    EXPECT_TRUE(networks.contains(make_address("2001:db8:7fff::1")));
    EXPECT_FALSE(networks.contains(make_address("11.0.0.1")));
    EXPECT_FALSE(networks.contains(make_address("192.0.2.8")));
    EXPECT_FALSE(networks.contains(make_address("2001:db8:8000::1")));
    EXPECT_FALSE(networks.contains(make_address("1.2.3.4")));
}

TEST(Networks, ZeroPrefixOfOneFamilyOnly) {
    const Networks networks({"0.0.0.0/0"});
    EXPECT_TRUE(networks.contains(make_address("203.0.113.1")));
    EXPECT_FALSE(networks.contains(make_address("2001:db8::1")));
}

}  // namespace
}  // namespace hsmfront::net
