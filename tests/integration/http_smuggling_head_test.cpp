// Request lines, Host and fields that parsers understand differently (RFC 9112 §2–§5).
#include "http_smuggling_scene.hpp"

namespace hsmfront::test {
namespace {

class HttpSmugglingHead : public SmugglingScene {
  protected:
    /// Each line before "Host: localhost", with a request behind.
    void expect_lines(const std::vector<std::string>& lines, const std::string& statuses) {
        const std::string follower = statuses.starts_with("200") ? get("/next") : smuggled();
        std::vector<Smuggling> vectors;
        for (const auto& line : lines) {
            vectors.push_back({line, line + "\r\nHost: localhost\r\n\r\n" + follower, statuses});
        }
        expect_all(vectors, Begun::no);
    }

    /// Each one behind "GET / HTTP/1.1".
    void expect_fields(const std::vector<std::string>& fields, const std::string& statuses) {
        const std::string follower = statuses.starts_with("200") ? get("/next") : smuggled();
        std::vector<Smuggling> vectors;
        for (const auto& lines : fields) {
            vectors.push_back(
                {lines, "GET / HTTP/1.1\r\n" + lines + "\r\n\r\n" + follower, statuses}
            );
        }
        expect_all(vectors, Begun::no);
    }
};

TEST_F(HttpSmugglingHead, OddRequestLinesAreRefused) {
    expect_lines(
        {"GET /",
         "GET",
         "GET / ",
         "GET / HTTP/1.1 ",
         "GET / HTTP/1.1\t",
         "GET / http/1.1",
         "GET / HTTP/1",
         "GET / HTTP/1.",
         "GET / HTTP/1.10",
         "GET / HTTP/01.1",
         "GET / HTTP/1,1",
         "GET / HTTP/1.1x",
         "GET / HTTP/1.1 x",
         "GET / HTTP /1.1",
         "GET / HTTPS/1.1",
         "GET / ICY/1.1",
         "GET / HTTP/+1.1",
         " GET / HTTP/1.1",
         "\tGET / HTTP/1.1",
         "\r\n\r\nGET / HTTP/1.1",
         "\rGET / HTTP/1.1",
         "\nGET / HTTP/1.1",
         "\r\n\nGET / HTTP/1.1",
         "GET  / HTTP/1.1",
         "GET /  HTTP/1.1",
         "GET\t/ HTTP/1.1",
         "GET /\tHTTP/1.1",
         "GET\v/ HTTP/1.1",
         "GET / HTTP/1.1\r",
         "GET /\rHTTP/1.1",
         "GET / HTTP/1.1\nX: y",
         "GET / HTTP/1.1\rX: y",
         "GET / HTTP/1.1\r\n X: y",
         "GET /a b HTTP/1.1",
         "GET /smuggled HTTP/1.1 HTTP/1.1",
         "G(ET / HTTP/1.1",
         "GET: / HTTP/1.1",
         "G\0ET / HTTP/1.1"s,
         "\0GET / HTTP/1.1"s,
         "GET /\0 HTTP/1.1"s,
         "GET / HTTP/1.1\0"s,
         "GET /\x01 HTTP/1.1",
         "GET /\x7f HTTP/1.1",
         "GET /\xff HTTP/1.1",
         "GET /\xc2\xa0 HTTP/1.1",
         "\xef\xbb\xbfGET / HTTP/1.1",
         "GET /a#b HTTP/1.1",
         "GET a HTTP/1.1",
         "GET ?a HTTP/1.1",
         "GET * HTTP/1.1",
         "GET \\ HTTP/1.1",
         "GET http: HTTP/1.1",
         "GET http:/x HTTP/1.1",
         "GET http:// HTTP/1.1",
         "GET http:///x HTTP/1.1",
         "GET http://?x HTTP/1.1",
         "GET http://user@localhost/ HTTP/1.1",
         "GET http://localhost:x/ HTTP/1.1",
         "GET http://localhost:99999/ HTTP/1.1",
         "GET http://local host/ HTTP/1.1",
         "GET http://a,b/ HTTP/1.1",
         "GET ftp://localhost/ HTTP/1.1",
         "GET localhost:443 HTTP/1.1"},
        "400"
    );
}

TEST_F(HttpSmugglingHead, OtherVersionsAreRefused) {
    expect_lines(
        {"GET / HTTP/0.9",
         "GET / HTTP/1.2",
         "GET / HTTP/1.9",
         "GET / HTTP/2.0",
         "GET / HTTP/3.0",
         "GET / HTTP/9.9",
         "PRI * HTTP/2.0"},
        "505"
    );
}

TEST_F(HttpSmugglingHead, TunnelsAndEchoesAreNotOffered) {
    expect_lines(
        {"CONNECT localhost:443 HTTP/1.1",
         "CONNECT / HTTP/1.1",
         "CONNECT http://localhost/ HTTP/1.1",
         "TRACE / HTTP/1.1"},
        "501"
    );
}

TEST_F(HttpSmugglingHead, ValidOddRequestLinesAreUnderstoodTheSameBehind) {
    expect_lines(
        {"GET / HTTP/1.1",
         "\r\nGET / HTTP/1.1",
         "get / HTTP/1.1",
         "M-SEARCH / HTTP/1.1",
         "A!#$%&'*+-.^_`|~ / HTTP/1.1",
         "GET // HTTP/1.1",
         "GET //other/x HTTP/1.1",
         "GET /../x HTTP/1.1",
         "GET /%00%0d%0aX:%20y HTTP/1.1",
         "GET /?a=b?c=/&d HTTP/1.1",
         "GET /\\x HTTP/1.1",
         "GET /http://other/ HTTP/1.1",
         "OPTIONS * HTTP/1.1"},
        "200 200"
    );
}

TEST_F(HttpSmugglingHead, OddHostsAreRefused) {
    expect_fields(
        {"X: y",
         "Hosts: localhost",
         "Host:",
         "Host: \t",
         "Host: a\r\nHost: a",
         "Host: a\r\nHost: b",
         "Host: a\r\nhost: b",
         "Host: a\r\nHost:",
         "Host: a, b",
         "Host: a,b",
         "Host: a b",
         "Host: a/b",
         "Host: a?b",
         "Host: a#b",
         "Host: a\\b",
         "Host: user@a",
         "Host: http://a",
         "Host: a:b",
         "Host: a:-1",
         "Host: a:+443",
         "Host: a:0",
         "Host: a:65536",
         "Host: a:443:443",
         "Host: :443",
         "Host: [::1",
         "Host: ::1]",
         "Host: [::1]x",
         "Host: [a/b]",
         "Host: a%00",
         "Host: \"a\"",
         "Host: a\0"s,
         "Host: a\0b"s,
         "Host: a\xff",
         "Host: a\v",
         "Host : a",
         " Host: a",
         "Host\t: a",
         "Host: a\r\n b",
         "Host:\r\n a",
         "Host: a\n",
         "Host: a\rHost: b",
         "Host: a\nHost: b"},
        "400"
    );
}

TEST_F(HttpSmugglingHead, ControlCharactersInValuesAreRefused) {
    std::vector<std::string> fields;
    for (int byte = 0; byte < 0x80; ++byte) {
        if ((byte < 0x20 && byte != '\t') || byte == 0x7f) {
            fields.push_back("Host: a\r\nX: a" + std::string(1, static_cast<char>(byte)) + "b");
        }
    }
    expect_fields(fields, "400");
}

TEST_F(HttpSmugglingHead, OddNamesAreRefused) {
    std::vector<std::string> fields{
        "Host: a\r\n: y",
        "Host: a\r\nno colon",
        "Host: a\r\nX : y",
        "Host: a\r\n X: y",
        "Host: a\r\nX: y\r\n z",
        "Host: a\r\nX: y\r\n\tz",
        "Host: a\r\n\xef\xbb\xbfX: y"};
    for (const char c : "()<>@,;\\\"/[]?={} \t\v\x7f\x80\xff"s) {
        fields.push_back("Host: a\r\nX" + std::string(1, c) + "Y: z");
    }
    expect_fields(fields, "400");
}

TEST_F(HttpSmugglingHead, AbsoluteFormIsUnderstoodTheSameBehind) {
    Wire client = connect();
    client.send("GET http://one.example/a?b HTTP/1.1\r\nHost: two.example\r\n\r\n");
    client.finish();
    EXPECT_THAT(origin.serve(client).bytes, HasSubstr("GET /a?b "));
    const Reading seen = origin.take();
    ASSERT_EQ(seen.messages.size(), 1U);
    EXPECT_EQ(seen.messages[0].start, "GET /a?b HTTP/1.1");
    EXPECT_EQ(seen.messages[0].field("Host"), "one.example");
    EXPECT_EQ(seen.messages[0].field("X-Forwarded-Host"), "one.example");
}

TEST_F(HttpSmugglingHead, NoSpellingOfAnIdentityFieldPasses) {
    std::string fields = "Connection: x-forwarded-for, forwarded, client-cert\r\n";
    for (const auto* name :
         {"X-Forwarded-For",
          "X_Forwarded_For",
          "x-forwarded_for",
          "X.Forwarded.For",
          "X-Forwarded-Host",
          "X-Forwarded-Proto",
          "X_Forwarded_Port",
          "X-Forwarded-Server",
          "X-Real-IP",
          "X_Real_IP",
          "Forwarded",
          "True-Client-IP",
          "Client-Cert",
          "Client_Cert",
          "Client-Cert-Chain"}) {
        fields += std::string(name) + ": 192.0.2.66\r\n";
    }
    Wire client = connect();
    client.send(get("/", fields));
    client.finish();
    EXPECT_THAT(origin.serve(client).bytes, StartsWith("HTTP/1.1 200"));
    const Reading seen = origin.take();
    ASSERT_EQ(seen.messages.size(), 1U);
    for (const auto& [name, value] : seen.messages[0].fields) {
        EXPECT_THAT(value, Not(HasSubstr("192.0.2.66"))) << name;
    }
    EXPECT_EQ(seen.messages[0].field("X-Forwarded-For"), "127.0.0.1");
}

}  // namespace
}  // namespace hsmfront::test
