// The FEAT list: RFC 2389 §3.2, RFC 4217 §6.
#include "proxy/ftp/features.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hsmfront::ftp {
namespace {

using testing::Contains;
using testing::Each;
using testing::Not;

TEST(FtpFeatures, ListsOursWithoutABackend) {
    const Reply merged = merge_features(nullptr, {});
    EXPECT_EQ(
        merged.serialise(),
        "211-Features:\r\n AUTH TLS\r\n PBSZ\r\n PROT\r\n EPRT\r\n EPSV\r\n PASV\r\n211 End\r\n"
    );
}

TEST(FtpFeatures, ListsCccWhereAllowed) {
    EXPECT_THAT(merge_features(nullptr, {.ccc = true, .denied = {}}).lines, Contains(" CCC"));
    EXPECT_THAT(merge_features(nullptr, {}).lines, Not(Contains(" CCC")));
}

TEST(FtpFeatures, ReplacesTheBackendsTlsLines) {
    const Reply backend{
        211,
        {"211-Extensions:",
         " AUTH SSL",
         " auth TLS;TLS-C",
         " CCC",
         " SSCN",
         " HOST",
         " PROT",
         " EPSV",
         " SIZE",
         "  UTF8",
         "\tREST STREAM",
         "211-MDTM",
         " PROT\tC;P",
         " PBSZ;",
         "",
         "211 End"}};
    const Reply merged = merge_features(&backend, {});
    EXPECT_EQ(
        merged.serialise(),
        "211-Features:\r\n AUTH TLS\r\n PBSZ\r\n PROT\r\n EPRT\r\n EPSV\r\n PASV\r\n SIZE\r\n"
        " UTF8\r\n REST STREAM\r\n MDTM\r\n211 End\r\n"
    );
}

TEST(FtpFeatures, CopesWithAListOfOneLine) {
    const Reply backend = make_reply(211, "no features");
    EXPECT_EQ(merge_features(&backend, {}).lines, merge_features(nullptr, {}).lines);
}

}  // namespace
}  // namespace hsmfront::ftp
