// PROXY headers: every class of malformed bytes by name, and every split of well-formed ones.
#include "proxy/net/proxy_header.hpp"

#include "proxy/net/crc32c.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace hsmfront::net {
namespace {

using boost::asio::ip::make_address;
using boost::asio::ip::tcp;

const std::string signature{"\r\n\r\n\0\r\nQUIT\n", 12};

tcp::endpoint endpoint(const char* address, std::uint16_t port) {
    return {make_address(address), port};
}

std::string bytes(std::initializer_list<int> values) { return {values.begin(), values.end()}; }

/// A header of version 2 with `block` behind its fixed part.
std::string v2_header(int command, int family, const std::string& block) {
    const int size = static_cast<int>(block.size());
    return signature + bytes({command, family, size >> 8, size & 0xFF}) + block;
}

/// 192.0.2.1:1000 to 198.51.100.2:21.
const std::string v4_block = bytes({192, 0, 2, 1, 198, 51, 100, 2, 0x03, 0xE8, 0, 21});

std::string element(int type, const std::string& value) {
    const int size = static_cast<int>(value.size());
    return bytes({type, size >> 8, size & 0xFF}) + value;
}

/// The error of `header`; no error: what is expected of well-formed ones.
error_code error_of(const std::string& header) {
    const auto progress = parse_proxy_header(header);
    return progress ? error_code{} : progress.error();
}

/// With a checksum of its own, as the specification's §2.2.3 has it made.
std::string with_checksum(int spoil = 0) {
    std::string header = v2_header(0x21, 0x11, v4_block + element(3, std::string(4, '\0')));
    const std::uint32_t sum = crc32c(header);
    for (int i = 0; i < 4; ++i) {
        header[header.size() - 4 + static_cast<std::size_t>(i)] =
            static_cast<char>((sum >> (24 - 8 * i)) + (i == 3 ? spoil : 0));
    }
    return header;
}

std::vector<std::string> well_formed() {
    return {
        "PROXY TCP4 192.0.2.1 198.51.100.2 1000 21\r\n",
        "PROXY TCP6 2001:db8::1 2001:DB8:0::2 0 65535\r\n",
        "PROXY UNKNOWN\r\n",
        "PROXY UNKNOWN what ever 1\t2\r\n",
        v2_header(0x21, 0x11, v4_block),
        v2_header(0x21, 0x21, std::string(36, '\1')),
        v2_header(0x21, 0x11, v4_block + element(2, "name") + element(0xEE, "")),
        v2_header(0x20, 0x00, ""),
        v2_header(0x20, 0xFF, "anything"),
        v2_header(0x21, 0x31, std::string(216, 'u')),
        with_checksum(),
    };
}

TEST(ProxyHeader, IsReadWhereverItIsSplit) {
    for (const std::string& header : well_formed()) {
        for (std::size_t size = 0; size < header.size(); ++size) {
            const auto part = parse_proxy_header(std::string_view(header).substr(0, size));
            ASSERT_TRUE(part) << header << " cut at " << size << ": " << part.error().message();
            EXPECT_FALSE(part->complete) << header << " cut at " << size;
            EXPECT_GT(part->length, size);
            EXPECT_LE(part->length, header.size()) << header << " cut at " << size;
        }
        for (const char* const rest : {"", "\r\n", "\x16\x03\x01", "PROXY UNKNOWN\r\n"}) {
            const auto whole = parse_proxy_header(header + rest);
            ASSERT_TRUE(whole) << header << ": " << whole.error().message();
            EXPECT_TRUE(whole->complete);
            EXPECT_EQ(whole->length, header.size());
        }
    }
}

TEST(ProxyHeader, GivesTheAddressesOfBothVersionsAndFamilies) {
    const auto v1 = parse_proxy_header("PROXY TCP6 2001:db8::1 ::ffff:192.0.2.9 1000 21\r\n");
    EXPECT_EQ(v1->addresses->source, endpoint("2001:db8::1", 1000));
    EXPECT_EQ(v1->addresses->destination, endpoint("::ffff:192.0.2.9", 21));
    const auto v2 = parse_proxy_header(v2_header(0x21, 0x11, v4_block));
    EXPECT_EQ(v2->addresses->source, endpoint("192.0.2.1", 1000));
    EXPECT_EQ(v2->addresses->destination, endpoint("198.51.100.2", 21));
    const std::string six = bytes({0x20, 1, 13, 0xB8}) + std::string(11, '\0') + "\1" +
                            std::string(15, '\0') + "\1" + bytes({0xFF, 0xFE, 0, 1});
    const auto v2_six = parse_proxy_header(v2_header(0x21, 0x21, six));
    EXPECT_EQ(v2_six->addresses->source, endpoint("2001:db8::1", 65534));
    EXPECT_EQ(v2_six->addresses->destination, endpoint("::1", 1));
}

TEST(ProxyHeader, HasNoAddressesWhereTheConnectionsOwnCount) {
    for (const std::string& header :
         {std::string("PROXY UNKNOWN\r\n"),
          std::string("PROXY UNKNOWN 192.0.2.1 192.0.2.2 1 2\r\n"),
          v2_header(0x20, 0x11, v4_block),
          v2_header(0x21, 0x00, v4_block),
          v2_header(0x21, 0x12, v4_block),
          v2_header(0x21, 0x31, std::string(216, 'u'))}) {
        const auto progress = parse_proxy_header(header);
        ASSERT_TRUE(progress && progress->complete) << header;
        EXPECT_FALSE(progress->addresses) << header;
    }
}

struct Malformed {
    const char* name;
    HeaderErrc error;
    std::string header;
};

class MalformedProxyHeader : public testing::TestWithParam<Malformed> {};

const std::string line = "PROXY TCP4 192.0.2.1 198.51.100.2 ";

INSTANTIATE_TEST_SUITE_P(
    Class,
    MalformedProxyHeader,
    testing::ValuesIn(std::vector<Malformed>{
        {"TlsClientHello", HeaderErrc::no_signature, "\x16\x03\x01"},
        {"FtpCommand", HeaderErrc::no_signature, "USER ftp\r\n"},
        {"LowerCase", HeaderErrc::no_signature, "proxy"},
        {"NoSpaceBehindProxy", HeaderErrc::no_signature, "PROXYTCP4"},
        {"SignatureWithOneWrongByte", HeaderErrc::no_signature, "\r\n\r\n\1"},
        {"LineOf108Bytes",
         HeaderErrc::line_too_long,
         "PROXY UNKNOWN " + std::string(92, 'x') + "\r\n"},
        {"LineWithoutEnd", HeaderErrc::line_too_long, "PROXY " + std::string(101, 'x')},
        {"LfAlone", HeaderErrc::bare_line_end, "PROXY UNKNOWN\n"},
        {"CrAlone", HeaderErrc::bare_line_end, "PROXY UNKNOWN\rx"},
        {"OtherProtocol", HeaderErrc::bad_line, "PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n"},
        {"UnknownWithoutSpace", HeaderErrc::bad_line, "PROXY UNKNOWNX\r\n"},
        {"MissingPort", HeaderErrc::bad_line, line + "1000\r\n"},
        {"FieldTooMany", HeaderErrc::bad_line, line + "1000 21 3\r\n"},
        {"TwoSpaces", HeaderErrc::bad_line, "PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n"},
        {"SpaceAtTheEnd", HeaderErrc::bad_line, line + "1000 21 \r\n"},
        {"EmptyAddress", HeaderErrc::bad_address, "PROXY TCP4 192.0.2.1  1 2\r\n"},
        {"HostName", HeaderErrc::bad_address, "PROXY TCP4 a.example 192.0.2.2 1 2\r\n"},
        {"LeadingZeroInAddress", HeaderErrc::bad_address, "PROXY TCP4 192.0.02.1 1.1.1.1 1 2\r\n"},
        {"Ipv6InTcp4", HeaderErrc::bad_address, "PROXY TCP4 ::1 192.0.2.2 1 2\r\n"},
        {"Ipv4InTcp6", HeaderErrc::bad_address, "PROXY TCP6 192.0.2.1 ::1 1 2\r\n"},
        {"AddressWithZone", HeaderErrc::bad_address, "PROXY TCP6 fe80::1%lo ::1 1 2\r\n"},
        {"PortAbove65535", HeaderErrc::bad_port, line + "65536 21\r\n"},
        {"PortWithLeadingZero", HeaderErrc::bad_port, line + "1000 021\r\n"},
        {"PortWithSign", HeaderErrc::bad_port, line + "+1000 21\r\n"},
        {"VersionOne", HeaderErrc::bad_version, signature + "\x11"},
        {"CommandTwo", HeaderErrc::bad_version, signature + "\x22"},
        {"FamilyFour", HeaderErrc::bad_family, v2_header(0x21, 0x41, v4_block)},
        {"ProtocolThree", HeaderErrc::bad_family, v2_header(0x21, 0x13, v4_block)},
        {"AboveTheLimit", HeaderErrc::too_long, signature + bytes({0x21, 0x11, 0x07, 0xF1})},
        {"AddressesCut", HeaderErrc::addresses_cut, v2_header(0x21, 0x11, v4_block.substr(1))},
        {"AddressesOfTheOtherFamily", HeaderErrc::addresses_cut, v2_header(0x21, 0x21, v4_block)},
        {"ElementHeadCut", HeaderErrc::bad_tlv, v2_header(0x21, 0x11, v4_block + "\2")},
        {"ElementTooLong",
         HeaderErrc::bad_tlv,
         v2_header(0x21, 0x11, v4_block + bytes({2, 0, 9}) + "short")},
        {"ChecksumOfThreeBytes",
         HeaderErrc::bad_tlv,
         v2_header(0x21, 0x11, v4_block + element(3, "abc"))},
        {"WrongChecksum", HeaderErrc::bad_checksum, with_checksum(1)},
    }),
    [](const auto& one) { return std::string(one.param.name); }
);

TEST_P(MalformedProxyHeader, IsNamed) {
    EXPECT_EQ(error_of(GetParam().header), make_error_code(GetParam().error))
        << error_of(GetParam().header).message();
}

TEST(ProxyHeader, LineOf107BytesIsNotTooLong) {
    EXPECT_EQ(error_of("PROXY UNKNOWN " + std::string(91, 'x') + "\r\n"), error_code{});
}

TEST(ProxyHeader, HeaderOfTheLimitIsNotTooLong) {
    const std::string rest(max_proxy_header - 16 - 12 - 3, 'x');
    const auto progress = parse_proxy_header(v2_header(0x21, 0x11, v4_block + element(4, rest)));
    ASSERT_TRUE(progress);
    EXPECT_EQ(progress->length, max_proxy_header);
}

TEST(ProxyHeader, Crc32cIsThatOfCastagnoli) {
    EXPECT_EQ(crc32c("123456789"), 0xE3069283U);  // RFC 3720, the usual check value
}

TEST(ProxyHeader, VersionOneIsWritten) {
    const auto v4 = endpoint("192.0.2.1", 1000);
    const auto mapped = endpoint("::ffff:192.0.2.9", 21);
    const auto v6 = endpoint("2001:db8::1", 990);
    EXPECT_EQ(format_proxy_v1({v4, mapped}), "PROXY TCP4 192.0.2.1 192.0.2.9 1000 21\r\n");
    EXPECT_EQ(format_proxy_v1({v6, v6}), "PROXY TCP6 2001:db8::1 2001:db8::1 990 990\r\n");
    EXPECT_EQ(format_proxy_v1({v6, v4}), "PROXY UNKNOWN\r\n");
}

TEST(ProxyHeader, VersionTwoIsWritten) {
    const ProxiedAddresses addresses{
        endpoint("::ffff:192.0.2.1", 1000), endpoint("198.51.100.2", 21)};
    EXPECT_EQ(format_proxy_v2({addresses, {}, {}}), v2_header(0x21, 0x11, v4_block));
    const auto mixed = parse_proxy_header(
        format_proxy_v2({{endpoint("2001:db8::1", 5), endpoint("192.0.2.9", 21)}, {}, {}})
    );
    EXPECT_EQ(mixed->addresses->source, endpoint("2001:db8::1", 5));
    EXPECT_EQ(mixed->addresses->destination, endpoint("::ffff:192.0.2.9", 21));
}

TEST(ProxyHeader, VersionTwoTellsWhatTlsTold) {
    const ProxiedAddresses addresses{endpoint("192.0.2.1", 1000), endpoint("198.51.100.2", 21)};
    const ProxiedTls tls{"TLSv1.3", "TLS_AES_128_GCM_SHA256", "ftp.example", "ann"};
    const std::string verified = bytes({7, 0, 0, 0, 0}) + element(0x21, "TLSv1.3") +
                                 element(0x23, "TLS_AES_128_GCM_SHA256") + element(0x22, "ann");
    EXPECT_EQ(
        format_proxy_v2({addresses, tls, "42"}),
        v2_header(
            0x21,
            0x11,
            v4_block + element(2, "ftp.example") + element(0x20, verified) + element(5, "42")
        )
    );
    const std::string anonymous =
        bytes({1, 0, 0, 0, 1}) + element(0x21, "TLSv1.2") + element(0x23, "X");
    EXPECT_EQ(
        format_proxy_v2({addresses, ProxiedTls{"TLSv1.2", "X", {}, {}}, {}}),
        v2_header(0x21, 0x11, v4_block + element(0x20, anonymous))
    );
}

}  // namespace
}  // namespace hsmfront::net
