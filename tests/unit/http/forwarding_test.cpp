// Heads as the next hop sees them.
#include "proxy/http/forwarding.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hsmfront::http {
namespace {

using boost::asio::ip::make_address;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

ClientIdentity client_at(const std::string& address, bool trusted = false) {
    return identify_client(
        {make_address(address), 50000}, {make_address("192.0.2.9"), 443}, "", trusted
    );
}

std::string forwarded(
    const std::string& fields,
    const ClientIdentity& client = client_at("192.0.2.1"),
    const config::Http& settings = {}
) {
    const std::string text = "GET /p HTTP/1.1\r\nHost: a.example\r\n" + fields + "\r\n";
    const auto head = parse_request_head(text, 100);
    EXPECT_TRUE(head) << text;
    const auto checked = check_request(*head, "default");
    EXPECT_TRUE(checked) << text;
    std::string out;
    append_request_head(out, *head, *checked, client, settings);
    return out;
}

std::string answered(
    const std::string& text, const Request& request, const config::Http& settings = {}
) {
    const auto head = parse_response_head(text, 100);
    EXPECT_TRUE(head) << text;
    const auto framing = response_framing(*head, request.head);
    EXPECT_TRUE(framing) << text;
    std::string out;
    append_response_head(
        out, *head, request, plan_response(*head, *framing, request, true), settings
    );
    return out;
}

Request get(Version version = Version::http1_1) {
    Request request;
    request.version = version;
    request.host = "a.example:8443";
    request.keep_alive = true;
    return request;
}

TEST(HttpForwarding, WritesAWholeRequestHead) {
    EXPECT_EQ(
        forwarded("Accept: */*\r\nCookie: a=b\r\n"),
        "GET /p HTTP/1.1\r\n"
        "Host: a.example\r\n"
        "Accept: */*\r\n"
        "Cookie: a=b\r\n"
        "Via: 1.1 hsmfront\r\n"
        "X-Forwarded-For: 192.0.2.1\r\n"
        "X-Forwarded-Proto: https\r\n"
        "X-Forwarded-Host: a.example\r\n"
        "X-Forwarded-Port: 443\r\n"
        "Forwarded: for=192.0.2.1;host=a.example;proto=https\r\n"
        "\r\n"
    );
}

TEST(HttpForwarding, DropsHopByHopFields) {
    const std::string out = forwarded(
        "Connection: close, X-Secret\r\nX-Secret: 1\r\nx-secret: 2\r\nKeep-Alive: 5\r\n"
        "Proxy-Connection: keep-alive\r\nProxy-Authorization: x\r\nTE: gzip\r\nTrailer: a\r\n"
        "Upgrade: h2c\r\nHTTP2-Settings: AAAA\r\nX-Kept: 3\r\n"
    );
    for (const char* name :
         {"Connection", "ecret", "Keep-Alive", "Proxy-", "TE:", "Trailer", "Upgrade", "HTTP2"}) {
        EXPECT_THAT(out, Not(HasSubstr(name)));
    }
    EXPECT_THAT(out, HasSubstr("X-Kept: 3\r\n"));
}

TEST(HttpForwarding, ConnectionCannotNameAwayWhatIsWrittenAnew) {
    const std::string out = forwarded(
        "Connection: Host, X-Forwarded-For, Forwarded, Content-Length\r\nContent-Length: 3\r\n"
    );
    EXPECT_THAT(out, HasSubstr("Host: a.example\r\n"));
    EXPECT_THAT(out, HasSubstr("X-Forwarded-For: 192.0.2.1\r\n"));
    EXPECT_THAT(out, HasSubstr("Content-Length: 3\r\n"));
}

TEST(HttpForwarding, ReplacesIdentityInEverySpelling) {
    const std::string out = forwarded(
        "X-Forwarded-For: 6.6.6.6\r\nx_forwarded_for: 6.6.6.6\r\nX.Forwarded.Host: 6.6.6.6\r\n"
        "Forwarded: for=6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\nX_Real_IP: 6.6.6.6\r\n"
        "X-Forwarded-Anything: 6.6.6.6\r\nTrue-Client-IP: 6.6.6.6\r\nClient-Cert: 6.6.6.6\r\n"
        "client_cert: 6.6.6.6\r\nClient-Cert-Chain: 6.6.6.6\r\n"
    );
    EXPECT_THAT(out, Not(HasSubstr("6.6.6.6")));
}

TEST(HttpForwarding, AppendsBehindTrustedPeers) {
    const std::string out = forwarded(
        "X-Forwarded-For: 198.51.100.7\r\nX-Forwarded-For: 198.51.100.8\r\n"
        "X-Forwarded-Proto: http\r\nForwarded: for=198.51.100.7\r\nX-Real-IP: 198.51.100.7\r\n"
        "Client-Cert: :x:\r\n",
        client_at("10.0.0.1", true)
    );
    EXPECT_THAT(out, HasSubstr("X-Forwarded-For: 198.51.100.7, 198.51.100.8, 10.0.0.1\r\n"));
    EXPECT_THAT(out, HasSubstr("X-Forwarded-Proto: http\r\n"));
    EXPECT_THAT(out, Not(HasSubstr("X-Forwarded-Proto: https")));
    EXPECT_THAT(out, HasSubstr("Forwarded: for=198.51.100.7, for=10.0.0.1;host=a.example"));
    EXPECT_THAT(out, HasSubstr("X-Real-IP: 198.51.100.7\r\n"));
    EXPECT_THAT(out, Not(HasSubstr("Client-Cert")));
}

TEST(HttpForwarding, AppendsToForwardedListsWithQuotedCommas) {
    const std::string list = R"(for="[::1]";by="a,\"b";, , proto=http)";
    const std::string out = forwarded(
        "X-Forwarded-For: ::1\r\nForwarded: " + list + "\r\n", client_at("10.0.0.1", true)
    );
    EXPECT_THAT(out, HasSubstr("\r\nForwarded: " + list + ", for=10.0.0.1;host=a.example"));
}

// Behind an open quote our own element would be a part of somebody else's value.
TEST(HttpForwarding, DropsMalformedForwardedOfTrustedPeers) {
    for (const std::string list :
         {R"(for="1.2.3.4)", R"(for="1.2.3.4\")", "for=", "for", "for=a b", "for=[::1]", "=a"}) {
        const std::string both =
            forwarded("Forwarded: " + list + "\r\n", client_at("10.0.0.1", true));
        EXPECT_THAT(both, HasSubstr("\r\nForwarded: for=10.0.0.1;host=a.example")) << list;
        EXPECT_THAT(both, HasSubstr("\r\nX-Forwarded-For: 10.0.0.1\r\n")) << list;
        const std::string one = forwarded(
            "X-Forwarded-For: 1.2.3.4\r\nForwarded: " + list + "\r\n", client_at("10.0.0.1", true)
        );
        EXPECT_THAT(one, Not(HasSubstr("\r\nForwarded:"))) << list;
    }
}

// A peer that knows its own fields lets a client's odd spelling of them pass.
TEST(HttpForwarding, DropsOtherSpellingsOfTrustedPeers) {
    const std::string out = forwarded(
        "Forwarded: for=198.51.100.7\r\nX_Forwarded_For: 6.6.6.6\r\nX.Forwarded.Proto: 6.6.6.6\r\n"
        "X_Real_IP: 6.6.6.6\r\nX-Real-IP: 198.51.100.7\r\n",
        client_at("10.0.0.1", true)
    );
    EXPECT_THAT(out, Not(HasSubstr("6.6.6.6")));
    EXPECT_THAT(out, HasSubstr("\r\nX-Real-IP: 198.51.100.7\r\n"));
}

TEST(HttpForwarding, LeavesOutTheFamilyATrustedPeerDoesNotKeep) {
    const std::string out =
        forwarded("X-Forwarded-For: 198.51.100.7\r\n", client_at("10.0.0.1", true));
    EXPECT_THAT(out, HasSubstr("X-Forwarded-For: 198.51.100.7, 10.0.0.1\r\n"));
    EXPECT_THAT(out, Not(HasSubstr("\r\nForwarded:")));
}

TEST(HttpForwarding, QuotesAndBracketsIpv6) {
    const std::string out = forwarded("", client_at("2001:db8::1"));
    EXPECT_THAT(out, HasSubstr("X-Forwarded-For: 2001:db8::1\r\n"));
    EXPECT_THAT(out, HasSubstr("Forwarded: for=\"[2001:db8::1]\";host=a.example;proto=https\r\n"));
}

TEST(HttpForwarding, WritesMappedIpv4AsIpv4) {
    EXPECT_THAT(
        forwarded("", client_at("::ffff:192.0.2.1")), HasSubstr("X-Forwarded-For: 192.0.2.1\r\n")
    );
}

TEST(HttpForwarding, EmitsOnlyTheFamiliesConfigured) {
    config::Http settings;
    settings.forwarded.forwarded = false;
    settings.forwarded.x_forwarded = false;
    const std::string out = forwarded("X-Forwarded-For: 6.6.6.6\r\n", client_at("::1"), settings);
    EXPECT_THAT(out, Not(HasSubstr("orwarded")));
}

TEST(HttpForwarding, ExtendsVia) {
    EXPECT_THAT(forwarded("Via: 1.0 old\r\n"), HasSubstr("Via: 1.0 old, 1.1 hsmfront\r\n"));
}

TEST(HttpForwarding, PassesUpgradeForWebSocketsOnly) {
    const std::string out = forwarded("Connection: Upgrade\r\nUpgrade: websocket\r\n");
    EXPECT_THAT(out, HasSubstr("Connection: Upgrade\r\nUpgrade: websocket\r\n"));
    const std::string h2c =
        forwarded("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: A\r\n");
    EXPECT_THAT(h2c, Not(HasSubstr("pgrade")));
}

TEST(HttpForwarding, PassesExpectAndTrailersWish) {
    const std::string out = forwarded("Expect: 100-continue\r\nTE: trailers\r\n");
    EXPECT_THAT(out, HasSubstr("Expect: 100-continue\r\n"));
    EXPECT_THAT(out, HasSubstr("TE: trailers\r\nConnection: TE\r\n"));
}

TEST(HttpForwarding, WritesAWholeResponseHead) {
    EXPECT_EQ(
        answered(
            "HTTP/1.0 200 Fine\r\nDate: x\r\nContent-Length: 5\r\nConnection: close, X-Hop\r\n"
            "X-Hop: 1\r\nKeep-Alive: 1\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n\r\n",
            get()
        ),
        "HTTP/1.1 200 Fine\r\nDate: x\r\nSet-Cookie: a; Secure\r\n"
        "Set-Cookie: b; Secure\r\nVia: 1.0 hsmfront\r\nContent-Length: 5\r\n\r\n"
    );
}

TEST(HttpForwarding, CookiesAreSecureSinceTheClientUsesHttps) {
    const auto cookie = [](const std::string& value) {
        const std::string text =
            answered("HTTP/1.1 200 OK\r\nSet-Cookie: " + value + "\r\n\r\n", get());
        const auto begin = text.find("Set-Cookie: ") + 12;
        return text.substr(begin, text.find("\r\n", begin) - begin);
    };
    EXPECT_EQ(cookie("a=b"), "a=b; Secure");
    EXPECT_EQ(cookie("a=secure; Path=/; HttpOnly"), "a=secure; Path=/; HttpOnly; Secure");
    EXPECT_EQ(cookie("a=b; secure"), "a=b; secure");
    EXPECT_EQ(cookie("a=b;Path=/ ; SECURE ;HttpOnly"), "a=b;Path=/ ; SECURE ;HttpOnly");
    EXPECT_EQ(cookie("a=b; Secure=x"), "a=b; Secure=x");
}

TEST(HttpForwarding, ProxyIsNoVariableOfTheBackends) {
    EXPECT_THAT(forwarded("Proxy: http://evil.example\r\n"), Not(HasSubstr("evil")));
}

TEST(HttpForwarding, AddsMissingDate) {
    EXPECT_THAT(answered("HTTP/1.1 204 No Content\r\n\r\n", get()), HasSubstr("\r\nDate: "));
    const std::string named = "HTTP/1.1 200 OK\r\nConnection: date\r\nDate: x\r\n\r\n";
    EXPECT_THAT(answered(named, get()), HasSubstr("\r\nDate: "));
}

TEST(HttpForwarding, ChunksWhatHasNoLengthForHttp11Only) {
    const std::string text = "HTTP/1.1 200 OK\r\n\r\n";
    EXPECT_THAT(answered(text, get()), HasSubstr("Transfer-Encoding: chunked\r\n"));
    const std::string old = answered(text, get(Version::http1_0));
    EXPECT_THAT(old, Not(HasSubstr("Transfer-Encoding")));
    EXPECT_THAT(old, HasSubstr("Connection: close\r\n"));
}

TEST(HttpForwarding, TellsHttp10ThatItMayGoOn) {
    EXPECT_THAT(
        answered("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", get(Version::http1_0)),
        HasSubstr("Connection: keep-alive\r\n")
    );
}

TEST(HttpForwarding, KeepsLengthOfWhatHeadWouldHaveGot) {
    Request request = get();
    request.head = true;
    EXPECT_THAT(
        answered("HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n", request),
        HasSubstr("Content-Length: 77\r\n")
    );
    EXPECT_THAT(
        answered("HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n", get()),
        Not(HasSubstr("Content-Length"))
    );
}

std::string location_of(const std::string& location) {
    const std::string out = answered(
        "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + location + "\r\n\r\n", get()
    );
    const std::size_t begin = out.find("Location: ") + 10;
    return out.substr(begin, out.find("\r\n", begin) - begin);
}

TEST(HttpForwarding, SecuresLocationsOnThisHost) {
    EXPECT_EQ(location_of("http://a.example:8443/x?y#z"), "https://a.example:8443/x?y#z");
    EXPECT_EQ(location_of("HTTP://A.Example/x"), "https://a.example:8443/x");
    EXPECT_EQ(location_of("http://a.example"), "https://a.example:8443");
    EXPECT_EQ(location_of("http://a.example:80/"), "https://a.example:8443/");
}

TEST(HttpForwarding, LeavesOtherLocationsAlone) {
    for (const char* location :
         {"/x",
          "https://a.example/x",
          "http://b.example/x",
          "http://a.example:9000/x",
          "http://a.example.evil/",
          "http://a.example@evil/",
          "//a.example/x"}) {
        EXPECT_EQ(location_of(location), location);
    }
}

TEST(HttpForwarding, ReplacesHsts) {
    config::Http settings;
    settings.hsts = std::chrono::seconds(600);
    const std::string text =
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nStrict-Transport-Security: max-age=0\r\n\r\n";
    const std::string out = answered(text, get(), settings);
    EXPECT_THAT(out, HasSubstr("Strict-Transport-Security: max-age=600\r\n"));
    EXPECT_THAT(out, Not(HasSubstr("max-age=0")));
    EXPECT_THAT(answered(text, get()), HasSubstr("max-age=0"));
}

TEST(HttpForwarding, InterimHeadsCarryNoFraming) {
    const auto head =
        parse_response_head("HTTP/1.1 103 Early Hints\r\nLink: x\r\nContent-Length: 5\r\n\r\n", 9);
    ASSERT_TRUE(head);
    std::string out;
    append_interim_head(out, *head);
    EXPECT_EQ(out, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
}

TEST(HttpForwarding, TrailersThatFrameOrRouteDoNotGoOn) {
    std::string out;
    TextFields fields(out);
    write_trailers(
        fields, "Grpc-Status: 0\r\nContent-Length: 5\r\nhost: x\r\nSet-Cookie: a\r\nX: \r\n"
    );
    EXPECT_EQ(out, "Grpc-Status: 0\r\nX: \r\n");
}

TEST(HttpForwarding, DefaultHostIsServerNameOrAddress) {
    const boost::asio::ip::tcp::endpoint peer{make_address("::1"), 1};
    const boost::asio::ip::tcp::endpoint local{make_address("2001:db8::9"), 8443};
    EXPECT_EQ(identify_client(peer, local, "a.example", false).default_host, "a.example:8443");
    EXPECT_EQ(identify_client(peer, local, "", false).default_host, "[2001:db8::9]:8443");
    EXPECT_EQ(identify_client(peer, local, "a\r\nb", false).default_host, "[2001:db8::9]:8443");
}

}  // namespace
}  // namespace hsmfront::http
