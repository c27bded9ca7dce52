// A response that a backend breaks off must not look whole to the client (RFC 9112 §8, §9.8).
#include "http_scene.hpp"

namespace hsmfront::test {
namespace {

class Rfc9112Section8 : public PlayedHttp {
  protected:
    enum class Break { fin, reset };

    /// The head and "some" arrive, then the backend breaks off: what the client gets then.
    Wire::Rest broken_off(
        const std::string& head, const std::string& content, Break how, const std::string& request
    ) {
        EXPECT_FALSE(head_behind(request).empty());
        behind.send(head + content);
        EXPECT_THAT(client.until("\r\n\r\n"), StartsWith("HTTP/1.1 200 OK\r\n"));
        EXPECT_THAT(client.until("some"), EndsWith("some"));
        if (how == Break::reset) {
            behind.reset();
        } else {
            behind.close();
        }
        return client.rest();
    }

    /// The same for HTTP/1.1; true if the client saw no orderly end.
    bool no_orderly_end(const std::string& fields, const std::string& content, Break how) {
        const std::string head = "HTTP/1.1 200 OK\r\n" + fields + "\r\n";
        const Wire::Rest rest = broken_off(head, content, how, get("/"));
        EXPECT_THAT(rest.bytes, Not(HasSubstr("0\r\n\r\n")));
        return rest.ending == Ending::reset || rest.ending == Ending::cut;
    }
};

constexpr auto length = "Content-Length: 10\r\n";
constexpr auto chunks = "Transfer-Encoding: chunked\r\n";

TEST_F(Rfc9112Section8, ShortLength) { EXPECT_TRUE(no_orderly_end(length, "some", Break::fin)); }

TEST_F(Rfc9112Section8, ShortLengthAndReset) {
    EXPECT_TRUE(no_orderly_end(length, "some", Break::reset));
}

TEST_F(Rfc9112Section8, MissingLastChunk) {
    EXPECT_TRUE(no_orderly_end(chunks, "4\r\nsome\r\n", Break::fin));
}

TEST_F(Rfc9112Section8, MissingLastChunkAndReset) {
    EXPECT_TRUE(no_orderly_end(chunks, "4\r\nsome\r\n", Break::reset));
}

TEST_F(Rfc9112Section8, CutWithinAChunk) {
    EXPECT_TRUE(no_orderly_end(chunks, "a\r\nsome", Break::fin));
}

TEST_F(Rfc9112Section8, CutWithinTheEnd) {
    EXPECT_TRUE(no_orderly_end(chunks, "4\r\nsome\r\n0\r\n", Break::fin));
}

TEST_F(Rfc9112Section8, MalformedChunk) {
    ASSERT_FALSE(head_behind(get("/")).empty());
    behind.send("HTTP/1.1 200 OK\r\n"s + chunks + "\r\n4\r\nsome\r\n");
    EXPECT_THAT(client.until("some\r\n"), EndsWith("4\r\nsome\r\n"));
    behind.send("4\nsome\r\n0\r\n\r\n");
    const Wire::Rest rest = client.rest();
    EXPECT_EQ(rest.bytes, "");
    EXPECT_THAT(rest.ending, ::testing::AnyOf(Ending::reset, Ending::cut));
}

TEST_F(Rfc9112Section8, ResetWhereTheEndIsTheEndOfTheConnection) {
    EXPECT_TRUE(no_orderly_end("", "some", Break::reset));
}

TEST_F(Rfc9112Section8, ResetToHttp10WhereTheEndIsTheEndOfTheConnection) {
    const Wire::Rest rest = broken_off(
        "HTTP/1.1 200 OK\r\n\r\n", "some", Break::reset, "GET / HTTP/1.0\r\nHost: a\r\n\r\n"
    );
    EXPECT_THAT(rest.ending, ::testing::AnyOf(Ending::reset, Ending::cut));
}

TEST_F(Rfc9112Section8, EndOfTheConnectionIsAnEndWhereItIsMeant) {
    ASSERT_FALSE(head_behind(get("/")).empty());
    behind.send("HTTP/1.1 200 OK\r\n\r\nsome");
    EXPECT_THAT(client.until("4\r\nsome\r\n"), StartsWith("HTTP/1.1 200 OK\r\n"));
    behind.close();
    EXPECT_EQ(client.take(5), "0\r\n\r\n");
}

TEST_F(Rfc9112Section8, NothingOfTheResponseYetIs502) {
    ASSERT_FALSE(head_behind(get("/")).empty());
    behind.send("HTTP/1.1 200 OK\r\nContent-Le");
    behind.close();
    EXPECT_THAT(client.until("\r\n\r\n"), StartsWith("HTTP/1.1 502 Bad Gateway\r\n"));
}

}  // namespace
}  // namespace hsmfront::test
