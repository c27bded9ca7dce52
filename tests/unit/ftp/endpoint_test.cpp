// Addresses in commands and replies.
#include "proxy/ftp/endpoint.hpp"

#include "proxy/ftp/errc.hpp"

#include <gtest/gtest.h>

namespace hsmfront::ftp {
namespace {

namespace ip = net::asio::ip;

net::tcp::endpoint at(const char* address, std::uint16_t port) {
    return {ip::make_address(address), port};
}

TEST(FtpEndpoint, ReadsPort) {
    EXPECT_EQ(*parse_port("192,168,1,2,4,1"), at("192.168.1.2", 1025));
    EXPECT_EQ(*parse_port("0,0,0,0,255,255"), at("0.0.0.0", 65535));
}

TEST(FtpEndpoint, RefusesBadPort) {
    for (const char* argument :
         {"",
          "1,2,3,4,5",
          "1,2,3,4,5,6,7",
          "1,2,3,4,5,256",
          "1,2,3,4,5,-6",
          "1,2,3,4,5, 6",
          "1,2,3,4,,6",
          "a,2,3,4,5,6",
          "1,2,3,4,0,0",
          "1,2,3,4,5,6 ",
          "1,2,3,4,5,0x6"}) {
        EXPECT_EQ(parse_port(argument).error(), make_error_code(Errc::bad_argument)) << argument;
    }
}

TEST(FtpEndpoint, ReadsEprtWithAnyDelimiter) {
    EXPECT_EQ(*parse_eprt("|1|132.235.1.2|6275|"), at("132.235.1.2", 6275));
    EXPECT_EQ(*parse_eprt("|2|1080::8:800:200C:417A|5282|"), at("1080::8:800:200c:417a", 5282));
    EXPECT_EQ(*parse_eprt("!2!::1!5282!"), at("::1", 5282));
    EXPECT_EQ(*parse_eprt("~1~1.2.3.4~65535~"), at("1.2.3.4", 65535));
}

TEST(FtpEndpoint, RefusesBadEprt) {
    for (const char* argument :
         {"",
          "|",
          "|1|1.2.3.4|80",
          "1|1.2.3.4|80|",
          "|1|1.2.3.4|80||",
          "||1.2.3.4|80|",
          "|1|::1|80|",
          "|2|1.2.3.4|80|",
          "|1|1.2.3.4|65536|",
          "|1|1.2.3.4|0|",
          "|1|1.2.3|80|",
          "|2|fe80::1%lo|80|",
          "|x|1.2.3.4|80|",
          " 1 1.2.3.4 80 ",
          "\xff"
          "1\xff"
          "1.2.3.4\xff"
          "80\xff",
          "|1|1.2.3.4|80| "}) {
        EXPECT_EQ(parse_eprt(argument).error(), make_error_code(Errc::bad_argument)) << argument;
    }
}

TEST(FtpEndpoint, TellsUnknownFamilyApart) {
    EXPECT_EQ(parse_eprt("|3|1.2.3.4|80|").error(), make_error_code(Errc::unsupported_family));
}

TEST(FtpEndpoint, FindsSixNumbersInAnyPasvReply) {
    for (const char* text :
         {"Entering Passive Mode (127,0,0,1,200,3).",
          "Entering Passive Mode 127,0,0,1,200,3",
          "=127,0,0,1,200,3",
          "(127,0,0,1,200,3)",
          "Mode 2, ok. 1,2,3 then 127,0,0,1,200,3,",
          "IPv4 (127,0,0,1,200,3)"}) {
        ASSERT_TRUE(parse_pasv_reply(text)) << text;
        EXPECT_EQ(*parse_pasv_reply(text), 200 * 256 + 3) << text;
    }
}

TEST(FtpEndpoint, RefusesPasvReplyWithoutSix) {
    for (const char* text :
         {"",
          "Entering Passive Mode",
          "(127,0,0,1,200)",
          "(127,0,0,1,256,3)",
          "(127,0,0,1,0,0)",
          "(127,0,0,1,200,3,4)",
          "(127,0,0,1,200,1003)"}) {
        EXPECT_FALSE(parse_pasv_reply(text)) << text;
    }
}

TEST(FtpEndpoint, ReadsEpsvReply) {
    EXPECT_EQ(*parse_epsv_reply("Entering Extended Passive Mode (|||6446|)"), 6446);
    EXPECT_EQ(*parse_epsv_reply("ok (!!!1!)."), 1);
}

TEST(FtpEndpoint, RefusesBadEpsvReply) {
    for (const char* text :
         {"",
          "|||6446|",
          "(|||6446)",
          "(|||65536|)",
          "(|||0|)",
          "(||6446|)",
          "(|||x|)",
          "(|||6446|",
          ")|||6446|(",
          "()",
          "(111164461)",
          "(|||64|46|)"}) {
        EXPECT_FALSE(parse_epsv_reply(text)) << text;
    }
}

TEST(FtpEndpoint, FormatsWhatItCanRead) {
    const auto pasv = format_pasv(ip::make_address_v4("10.1.2.3"), 50999);
    EXPECT_EQ(pasv, "Entering Passive Mode (10,1,2,3,199,55).");
    EXPECT_EQ(*parse_pasv_reply(pasv), 50999);
    EXPECT_EQ(format_epsv(50999), "Entering Extended Passive Mode (|||50999|)");
    EXPECT_EQ(*parse_epsv_reply(format_epsv(50999)), 50999);
}

TEST(FtpEndpoint, ComparesHostsAcrossMappingAndScope) {
    const auto same = [](const char* a, const char* b) {
        return same_host(ip::make_address(a), ip::make_address(b));
    };
    EXPECT_TRUE(same("::ffff:192.0.2.1", "192.0.2.1"));
    EXPECT_TRUE(same("fe80::1%1", "fe80::1"));
    EXPECT_FALSE(same("192.0.2.1", "192.0.2.2"));
    EXPECT_FALSE(same("::1", "127.0.0.1"));
    EXPECT_FALSE(same("::192.0.2.1", "192.0.2.1"));
}

TEST(FtpEndpoint, PrintsForLogs) {
    EXPECT_EQ(to_string(at("1.2.3.4", 21)), "1.2.3.4:21");
    EXPECT_EQ(to_string(at("::1", 21)), "[::1]:21");
}

}  // namespace
}  // namespace hsmfront::ftp
