// The chunked coding: every split of the input, and every trick with it.
#include "proxy/http/body.hpp"

#include <gtest/gtest.h>

#include <string>

namespace hsmfront::http {
namespace {

constexpr Framing chunked{Framing::Kind::chunked, 0};

struct Decoded {
    BodyDecoder::State state = BodyDecoder::State::more;
    std::string content;
    std::string trailers;
    std::string rest;
};

/// Feeds `input` in pieces of `piece` bytes.
Decoded decode(Framing framing, std::string_view input, std::size_t piece) {
    BodyDecoder decoder(framing);
    Decoded result;
    std::size_t given = 0;
    std::size_t used = 0;
    while (given < input.size() && result.state == BodyDecoder::State::more) {
        given = std::min(input.size(), given + piece);
        while (used < given && result.state == BodyDecoder::State::more) {
            const auto step = decoder.next(input.substr(used, given - used));
            EXPECT_TRUE(step.consumed > 0 || step.state != BodyDecoder::State::more);
            result.content += step.data;
            result.state = step.state;
            used += step.consumed;
        }
    }
    result.trailers = decoder.trailers();
    result.rest = input.substr(used);
    return result;
}

bool malformed(std::string_view input) {
    for (const std::size_t piece : {std::size_t{1}, input.size()}) {
        if (decode(chunked, input, piece).state != BodyDecoder::State::malformed) {
            return false;
        }
    }
    return true;
}

TEST(HttpBodyDecoder, YieldsSameContentForEverySplit) {
    const std::string input =
        "5\r\nhello\r\n"
        "00A;name=\"value;\"\r\n, big wide\r\n"
        "6\r\n world\r\n"
        "0\r\nDigest: abc\r\nX: \r\n\r\nNEXT";
    for (std::size_t piece = 1; piece <= input.size(); ++piece) {
        const Decoded decoded = decode(chunked, input, piece);
        ASSERT_EQ(decoded.state, BodyDecoder::State::done) << piece;
        EXPECT_EQ(decoded.content, "hello, big wide world");
        EXPECT_EQ(decoded.trailers, "Digest: abc\r\nX: \r\n");
        EXPECT_EQ(decoded.rest, "NEXT");
    }
}

TEST(HttpBodyDecoder, EndsAtLength) {
    for (std::size_t piece = 1; piece <= 8; ++piece) {
        const Decoded decoded = decode({Framing::Kind::length, 5}, "helloNEXT", piece);
        EXPECT_EQ(decoded.state, BodyDecoder::State::done);
        EXPECT_EQ(decoded.content, "hello");
        EXPECT_EQ(decoded.rest, "NEXT");
    }
}

TEST(HttpBodyDecoder, EmptyContentIsDoneAtOnce) {
    EXPECT_TRUE(BodyDecoder({Framing::Kind::none, 0}).done());
    EXPECT_TRUE(BodyDecoder({Framing::Kind::length, 0}).done());
    EXPECT_FALSE(BodyDecoder(chunked).done());
}

TEST(HttpBodyDecoder, UntilCloseTakesEverything) {
    BodyDecoder decoder({Framing::Kind::until_close, 0});
    EXPECT_TRUE(decoder.ends_at_close());
    EXPECT_EQ(decoder.next("abc").data, "abc");
    EXPECT_FALSE(decoder.done());
}

TEST(HttpBodyDecoder, OnlyUntilCloseEndsAtClose) {
    EXPECT_FALSE(BodyDecoder(chunked).ends_at_close());
    EXPECT_FALSE(BodyDecoder({Framing::Kind::length, 1}).ends_at_close());
}

TEST(HttpBodyDecoder, RefusesOddSizeLines) {
    for (const std::string_view input :
         {"\r\n",
          ";x\r\n",
          " 5\r\nhello\r\n",
          "5 \r\nhello\r\n",
          "5 ;x\r\nhello\r\n",
          "5\nhello\r\n",
          "5\r\r\nhello",
          "5\rhello\r\n",
          "0x5\r\nhello\r\n",
          "+5\r\nhello\r\n",
          "-1\r\n",
          "5_0\r\n",
          "g\r\n",
          "5;x\nhello\r\n",
          "5;\x01\r\n",
          "5;a\x7f\r\n",
          "5,5\r\n"}) {
        EXPECT_TRUE(malformed(input)) << input;
    }
}

TEST(HttpBodyDecoder, RefusesOverflowingSizes) {
    EXPECT_TRUE(malformed("8000000000000000\r\n"));
    EXPECT_TRUE(malformed("10000000000000005\r\n"));
    EXPECT_TRUE(malformed("fffffffffffffffff\r\n"));
    EXPECT_TRUE(malformed("00000000000000005\r\nhello\r\n"));
    const auto large = decode(chunked, "7fffffffffffffff\r\nabc", 100);
    EXPECT_EQ(large.state, BodyDecoder::State::more);
    EXPECT_EQ(large.content, "abc");
}

TEST(HttpBodyDecoder, RefusesDataNotFollowedByCrLf) {
    EXPECT_TRUE(malformed("5\r\nhelloX"));
    EXPECT_TRUE(malformed("5\r\nhello\n"));
    EXPECT_TRUE(malformed("5\r\nhello\rX"));
    EXPECT_TRUE(malformed("5\r\nhello\r\n\r\n"));
}

TEST(HttpBodyDecoder, BoundsExtensions) {
    const std::string fits = "1;" + std::string(BodyDecoder::max_extension, 'x') + "\r\na\r\n";
    EXPECT_EQ(decode(chunked, fits, 7).content, "a");
    EXPECT_TRUE(malformed("1;" + std::string(BodyDecoder::max_extension + 1, 'x') + "\r\na\r\n"));
}

TEST(HttpBodyDecoder, RefusesOddTrailers) {
    for (const std::string_view trailer :
         {"A : b\r\n\r\n",
          " A: b\r\n\r\n",
          "A: b\n\r\n",
          "\n",
          "A\r\n\r\n",
          "A: b\r\n c\r\n\r\n",
          "A: \x01\r\n\r\n",
          "A: b\rc\r\n\r\n"}) {
        EXPECT_TRUE(malformed("0\r\n" + std::string(trailer))) << trailer;
    }
}

TEST(HttpBodyDecoder, BoundsTrailers) {
    EXPECT_TRUE(malformed("0\r\nA: " + std::string(BodyDecoder::max_trailers, 'x') + "\r\n\r\n"));
}

TEST(HttpBodyEncoder, RoundTrips) {
    const BodyEncoder encoder(BodyEncoder::Kind::chunked);
    std::string wire;
    encoder.append(wire, "hello");
    encoder.append(wire, "");
    encoder.append(wire, std::string(300, 'x'));
    encoder.finish(wire, "A: b\r\n");
    const Decoded decoded = decode(chunked, wire, wire.size());
    EXPECT_EQ(decoded.state, BodyDecoder::State::done);
    EXPECT_EQ(decoded.content, "hello" + std::string(300, 'x'));
    EXPECT_EQ(decoded.trailers, "A: b\r\n");
    EXPECT_EQ(decoded.rest, "");
}

TEST(HttpBodyEncoder, PlainAddsNothing) {
    const BodyEncoder encoder(BodyEncoder::Kind::plain);
    std::string wire;
    encoder.append(wire, "hello");
    encoder.finish(wire, "A: b\r\n");
    EXPECT_EQ(wire, "hello");
}

}  // namespace
}  // namespace hsmfront::http
