// Address: literals, networks, host names; which listeners and backends meet.
#include "config/address.hpp"

#include <gtest/gtest.h>

namespace hsmfront::config {
namespace {

TEST(Address, ReadsLiterals) {
    for (const char* text : {"127.0.0.1", "0.0.0.0", "::", "::1", "2001:db8::1", "fe80::1%eth0"}) {
        EXPECT_TRUE(parse_address(text)) << text;
    }
    for (const char* text :
         {"", "localhost", "1.2.3", "1.2.3.256", "[::1]", "::1/64", "fe80::1%"}) {
        EXPECT_FALSE(parse_address(text)) << text;
    }
    EXPECT_EQ(parse_address("::ffff:10.0.0.1"), parse_address("10.0.0.1"));
}

TEST(Address, ReadsNetworks) {
    for (const char* text : {"10.0.0.0/8", "0.0.0.0/0", "::/0", "2001:db8::/128", "10.0.0.1"}) {
        EXPECT_TRUE(is_network(text)) << text;
    }
    for (const char* text : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/a", "a/8"}) {
        EXPECT_FALSE(is_network(text)) << text;
    }
}

TEST(Address, ReadsHosts) {
    for (const char* text : {"localhost", "ftp.example.org", "ftp_1.local.", "10.0.0.1", "::1"}) {
        EXPECT_TRUE(is_host(text)) << text;
    }
    for (const char* text :
         {"", ".", "a..b", "-a", "a b", "host:21", "http://x", "10.0.0", "[::1]"}) {
        EXPECT_FALSE(is_host(text)) << text;
    }
    EXPECT_FALSE(is_host(std::string(64, 'a')));
}

TEST(Address, WildcardsOverlapTheirFamily) {
    EXPECT_TRUE(overlap({"::", 21}, {"10.0.0.1", 21}));
    EXPECT_TRUE(overlap({"10.0.0.1", 21}, {"0.0.0.0", 21}));
    EXPECT_TRUE(overlap({"::1", 21}, {"0:0::1", 21}));
    EXPECT_FALSE(overlap({"0.0.0.0", 21}, {"::1", 21}));
    EXPECT_FALSE(overlap({"::", 21}, {"::", 990}));
    EXPECT_FALSE(overlap({"10.0.0.1", 21}, {"10.0.0.2", 21}));
}

TEST(Address, BackendsReachListenersOfThisMachine) {
    EXPECT_TRUE(reaches({"127.0.0.1", 21}, {"0.0.0.0", 21}));
    EXPECT_TRUE(reaches({"localhost", 21}, {"::", 21}));
    EXPECT_TRUE(reaches({"LOCALHOST", 21}, {"127.0.0.1", 21}));
    EXPECT_TRUE(reaches({"10.0.0.1", 21}, {"10.0.0.1", 21}));
    EXPECT_FALSE(reaches({"10.0.0.1", 21}, {"0.0.0.0", 21}));
    EXPECT_FALSE(reaches({"127.0.0.1", 2121}, {"0.0.0.0", 21}));
    EXPECT_FALSE(reaches({"::1", 21}, {"0.0.0.0", 21}));
    EXPECT_FALSE(reaches({"localhost", 21}, {"10.0.0.1", 21}));
}

}  // namespace
}  // namespace hsmfront::config
