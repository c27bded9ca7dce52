// ClientHello: the name in it, as OpenSSL will read it too.
#include "proxy/tls/client_hello.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace hsmfront::tls {
namespace {

using Bytes = std::vector<unsigned char>;

void append_number(Bytes& bytes, std::size_t number) {
    bytes.push_back(static_cast<unsigned char>(number >> 8U));
    bytes.push_back(static_cast<unsigned char>(number));
}

/// A server_name extension of one name.
Bytes extension(const std::string& name, unsigned char type = 0) {
    Bytes bytes;
    append_number(bytes, name.size() + 3);
    bytes.push_back(type);
    append_number(bytes, name.size());
    bytes.insert(bytes.end(), name.begin(), name.end());
    return bytes;
}

TEST(ClientHello, TheNameIsReadAsSent) {
    EXPECT_EQ(host_name_in(extension("WWW.example.com")), "WWW.example.com");
    EXPECT_EQ(host_name_in(extension("a")), "a");
    EXPECT_EQ(host_name_in(extension(std::string(255, 'a'))), std::string(255, 'a'));
}

TEST(ClientHello, WhatIsMalformedIsNoName) {
    EXPECT_EQ(host_name_in({}), "");
    EXPECT_EQ(host_name_in(extension("")), "");
    EXPECT_EQ(host_name_in(extension("name", 1)), "") << "no host_name";
    EXPECT_EQ(host_name_in(extension(std::string(256, 'a'))), "");
    EXPECT_EQ(host_name_in(extension(std::string("a\0b", 3))), "");
}

/// Whatever length is wrong, and whatever is cut off or added.
TEST(ClientHello, LengthsMustAgree) {
    const Bytes good = extension("name");
    for (std::size_t size = 0; size < good.size(); ++size) {
        EXPECT_EQ(host_name_in(std::span(good).first(size)), "") << size;
    }
    Bytes longer = good;
    longer.push_back('x');
    EXPECT_EQ(host_name_in(longer), "");
    for (const std::size_t at : {0U, 1U, 3U, 4U}) {
        Bytes wrong = good;
        ++wrong[at];
        EXPECT_EQ(host_name_in(wrong), "") << at;
    }
    Bytes two = good;
    const Bytes other = extension("other");
    two.insert(two.end(), other.begin() + 2, other.end());
    two[1] = static_cast<unsigned char>(two.size() - 2);
    EXPECT_EQ(host_name_in(two), "") << "one name of each type";
}

TEST(ClientHello, AddressesAreNoNames) {
    for (const char* address : {"192.0.2.1", "::1", "2001:db8::1", "1"}) {
        EXPECT_TRUE(is_address_literal(address)) << address;
    }
    for (const char* name : {"localhost", "1.example", "192.0.2.1.example", "a1"}) {
        EXPECT_FALSE(is_address_literal(name)) << name;
    }
}

}  // namespace
}  // namespace hsmfront::tls
