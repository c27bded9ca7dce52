#include "proxy/http/http2_scanner.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace hsmfront::http {
namespace {

const std::string preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

std::string frame(unsigned char type, unsigned char flags, unsigned char stream, std::size_t size) {
    std::string out(9, '\0');
    out[1] = static_cast<char>(size >> 8U);
    out[2] = static_cast<char>(size & 0xffU);
    out[3] = static_cast<char>(type);
    out[4] = static_cast<char>(flags);
    out[8] = static_cast<char>(stream);
    return out + std::string(size, '\x01');
}

std::vector<nghttp2_frame_hd> scan(Http2Scanner& scanner, std::string_view input) {
    std::vector<nghttp2_frame_hd> found;
    while (const auto head = scanner.next(input)) {
        found.push_back(*head);
    }
    EXPECT_TRUE(input.empty());
    return found;
}

TEST(Http2Scanner, FindsHeadsHoweverTheBytesArrive) {
    const std::string input =
        preface + frame(NGHTTP2_SETTINGS, 0, 0, 0) + frame(0xee, 7, 5, 300) + frame(0, 1, 5, 1);
    for (std::size_t step = 1; step <= input.size(); ++step) {
        Http2Scanner scanner;
        std::vector<nghttp2_frame_hd> found;
        for (std::size_t at = 0; at < input.size(); at += step) {
            const auto more = scan(scanner, std::string_view(input).substr(at, step));
            found.insert(found.end(), more.begin(), more.end());
        }
        ASSERT_EQ(found.size(), 3U) << step;
        EXPECT_EQ(found[1].type, 0xee);
        EXPECT_EQ(found[1].length, 300U);
        EXPECT_EQ(found[1].flags, 7);
        EXPECT_EQ(found[1].stream_id, 5);
    }
}

TEST(Http2Scanner, KnowsWhereAFieldBlockEnds) {
    Http2Scanner scanner;
    scan(scanner, preface);
    EXPECT_FALSE(scanner.in_field_block());
    scan(scanner, frame(NGHTTP2_HEADERS, 0, 1, 10));
    EXPECT_TRUE(scanner.in_field_block());
    const std::string last = frame(NGHTTP2_CONTINUATION, NGHTTP2_FLAG_END_HEADERS, 1, 10);
    scan(scanner, std::string_view(last).substr(0, 12));
    EXPECT_TRUE(scanner.in_field_block());
    scan(scanner, std::string_view(last).substr(12));
    EXPECT_FALSE(scanner.in_field_block());
}

}  // namespace
}  // namespace hsmfront::http
