// The address in PASV replies: rules by client network.
#include "proxy/ftp/passive_address.hpp"

#include <gtest/gtest.h>

namespace hsmfront::ftp {
namespace {

using net::asio::ip::make_address;

std::string address_for(
    const config::FtpData& settings, const char* client, const char* local = "192.0.2.9"
) {
    const auto address = passive_address(settings, make_address(client), make_address(local));
    return address ? address->to_string() : "none";
}

TEST(FtpPassiveAddress, IsWhatTheClientDialledUnlessSaid) {
    config::FtpData settings;
    EXPECT_EQ(address_for(settings, "192.0.2.1"), "192.0.2.9");
    EXPECT_EQ(address_for(settings, "::ffff:192.0.2.1", "::ffff:192.0.2.9"), "192.0.2.9");
    settings.passive_address = "198.51.100.1";
    EXPECT_EQ(address_for(settings, "192.0.2.1"), "198.51.100.1");
}

TEST(FtpPassiveAddress, FirstRuleThatMatchesWins) {
    config::FtpData settings;
    settings.passive_address = "198.51.100.1";
    settings.passive_rules = {
        {{"10.1.0.0/16"}, ""},
        {{"10.0.0.0/8", "172.16.0.1"}, "10.0.0.5"},
        {{"10.2.0.0/16"}, "1.1.1.1"}};
    EXPECT_EQ(address_for(settings, "10.1.2.3"), "192.0.2.9");
    EXPECT_EQ(address_for(settings, "10.2.2.3"), "10.0.0.5");
    EXPECT_EQ(address_for(settings, "172.16.0.1"), "10.0.0.5");
    EXPECT_EQ(address_for(settings, "::ffff:10.2.2.3"), "10.0.0.5");
    EXPECT_EQ(address_for(settings, "192.0.2.1"), "198.51.100.1");
}

TEST(FtpPassiveAddress, ThereIsNoneOnIpv6) {
    config::FtpData settings;
    settings.passive_address = "198.51.100.1";
    settings.passive_rules = {{{"::/0"}, "10.0.0.5"}};
    EXPECT_EQ(address_for(settings, "2001:db8::1", "2001:db8::9"), "none");
}

}  // namespace
}  // namespace hsmfront::ftp
