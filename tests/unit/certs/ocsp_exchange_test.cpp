// The HTTP of one OCSP question, byte by byte and with responders that misbehave.
#include "certs/ocsp_exchange.hpp"

#include "tests/support/test_ca.hpp"
#include "tests/support/test_certificate.hpp"

#include <gmock/gmock.h>

namespace hsmfront::certs {
namespace {

using State = OcspExchange::State;
using testing::HasSubstr;
using testing::StartsWith;

class OcspExchangeTest : public testing::Test {
  protected:
    OcspExchangeTest() {
        leaf = ca.issue(key.get(), "leaf");
        request = make_ocsp_request(leaf.get(), ca.certificate());
        der = {0x30, 0x03, 0x0a, 0x01, 0x03};
    }

    OcspExchange ask(const std::string& url = "http://ocsp.example.com/a?b=c") {
        return OcspExchange(*parse_responder(url), request.get());
    }

    /// The answer of a responder with `body`.
    std::string answer(const std::string& body, const std::string& more = "") {
        return "HTTP/1.0 200 OK\r\nContent-Type: application/ocsp-response\r\n" + more + "\r\n" +
               body;
    }

    [[nodiscard]] std::string body() const { return {der.begin(), der.end()}; }

    /// Why an exchange with `text` for an answer fails.
    std::string failure(const std::string& text) {
        auto exchange = ask();
        State state = exchange.receive(text);
        if (state == State::more) {
            state = exchange.end();
        }
        EXPECT_EQ(state, State::failed);
        return exchange.why();
    }

    test::TestCa ca;
    EvpPkeyPtr key = test::make_key("P-256");
    X509Ptr leaf;
    OcspRequestPtr request;
    std::vector<unsigned char> der;
};

TEST_F(OcspExchangeTest, TakesUrlsApart) {
    const auto url = parse_responder("http://ocsp.example.com:8080/a/b?c=d");
    ASSERT_TRUE(url) << url.error().message;
    EXPECT_EQ(url->host, "ocsp.example.com");
    EXPECT_EQ(url->port, 8080);
    EXPECT_EQ(url->path, "/a/b?c=d");
    EXPECT_EQ(parse_responder("http://h")->port, 80);
    EXPECT_EQ(parse_responder("http://h")->path, "/");
    EXPECT_EQ(parse_responder("http://[::1]:81/")->host, "::1");
    EXPECT_THAT(parse_responder("https://h/").error().message, HasSubstr("over http"));
    for (const char* bad :
         {"",
          "http://",
          "ldap://h/",
          "http://h:99999/",
          "http://a@h/",
          "http://h/a b",
          "http://h/a\r\nX: y"}) {
        EXPECT_FALSE(parse_responder(bad)) << bad;
    }
}

TEST_F(OcspExchangeTest, PostsTheRequest) {
    const auto exchange = ask();
    EXPECT_THAT(exchange.outgoing(), StartsWith("POST /a?b=c HTTP/1.0\r\n"));
    EXPECT_THAT(exchange.outgoing(), HasSubstr("\r\nHost: ocsp.example.com\r\n"));
    EXPECT_THAT(exchange.outgoing(), HasSubstr("Content-Type: application/ocsp-request\r\n"));
    unsigned char* bytes = nullptr;
    const int size = i2d_OCSP_REQUEST(request.get(), &bytes);
    const std::string asked(bytes, bytes + size);
    OPENSSL_free(bytes);
    EXPECT_THAT(exchange.outgoing(), HasSubstr("\r\n\r\n" + asked));
    EXPECT_THAT(ask("http://[::1]:81/").outgoing(), HasSubstr("\r\nHost: [::1]:81\r\n"));
}

TEST_F(OcspExchangeTest, TakesAnAnswerInAnyPieces) {
    const std::string whole = answer(body(), "Content-Length: 5\r\n");
    for (std::size_t cut = 1; cut < whole.size(); ++cut) {
        auto exchange = ask();
        ASSERT_EQ(exchange.receive(std::string_view(whole).substr(0, cut)), State::more) << cut;
        ASSERT_EQ(exchange.receive(std::string_view(whole).substr(cut)), State::done)
            << cut << exchange.why();
        ASSERT_EQ(exchange.response(), der);
    }
    auto exchange = ask();
    EXPECT_EQ(exchange.receive(answer(body())), State::done) << "without a length";
}

TEST_F(OcspExchangeTest, SaysWhyAnAnswerIsNone) {
    EXPECT_THAT(failure(""), HasSubstr("without an answer"));
    EXPECT_THAT(failure(answer(body().substr(0, 4))), HasSubstr("within its answer"));
    EXPECT_THAT(failure("HTTP/1.0 404 Not Found\r\n\r\n"), HasSubstr("404"));
    EXPECT_THAT(failure("HTTP/1.0 302 Found\r\nLocation: http://x/\r\n\r\n"), testing::Not(""));
    EXPECT_THAT(failure("SSH-2.0-OpenSSH_9.2\r\n\r\n"), testing::Not(""));
    EXPECT_THAT(
        failure("HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n<html>"),
        HasSubstr("content type")
    );
    EXPECT_THAT(failure(answer("<html>never mind</html>")), testing::Not(""));
}

TEST_F(OcspExchangeTest, TakesNoMoreThanItMust) {
    std::string many;
    while (many.size() < 70'000) {
        many += "X: y\r\n";
    }
    EXPECT_THAT(failure(answer(body(), many)), HasSubstr("larger than 64 KiB"));
    const std::string large("\x30\x84\x04\x00\x00\x00", 6);  // 64 MiB to come
    EXPECT_THAT(failure(answer(large)), HasSubstr("exceed"));
    const std::string endless("\x30\x80", 2);
    EXPECT_THAT(failure(answer(endless)), testing::Not(""));
}

}  // namespace
}  // namespace hsmfront::certs
