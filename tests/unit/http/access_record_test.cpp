// AccessRecord: both notations, and what clients may try to write with them.
#include "proxy/http/access_record.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace hsmfront::http {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

class HttpAccessRecord : public ::testing::Test {
  protected:
    HttpAccessRecord() {
        ::setenv("TZ", "<-0330>3:30", 1);
        ::tzset();
    }
    ~HttpAccessRecord() override {
        ::unsetenv("TZ");
        ::tzset();
    }

    static std::string text(const AccessRecord& record) {
        std::string out;
        append_text(out, record);
        return out;
    }
    static std::string json(const AccessRecord& record) {
        std::string out;
        append_json(out, record);
        return out;
    }

    static AccessRecord full() {
        AccessRecord record;
        record.session = 7;
        record.client = "2001:db8::1";
        record.client_port = 5555;
        record.user = "CN=Ann Lee,O=x";
        record.tls_version = "TLSv1.3";
        record.cipher = "TLS_AES_128_GCM_SHA256";
        record.alpn = "h2";
        record.resumed = true;
        record.begun = std::chrono::system_clock::time_point{1'764'011'048'123ms};
        record.host = "a.org:8443";
        record.method = "GET";
        record.target = "/a?b=c";
        record.version = "HTTP/2.0";
        record.referer = "https://b.org/";
        record.user_agent = "curl/8";
        record.status = 200;
        record.received = 5;
        record.sent = 1234;
        record.handshake = 12ms;
        record.connect = 0ms;
        record.first_byte = 3ms;
        record.total = 40ms;
        record.backend = "127.0.0.1:8080";
        record.reason = "backend stalled";
        return record;
    }
};

TEST_F(HttpAccessRecord, TextIsCombinedFormatAndPairs) {
    EXPECT_EQ(
        text(full()),
        R"(2001:db8::1 - CN=Ann\x20Lee,O=x [24/Nov/2025:15:34:08 -0330] )"
        R"("GET /a?b=c HTTP/2.0" 200 1234 "https://b.org/" "curl/8" host=a.org:8443 session=7 )"
        R"(port=5555 received=5 handshake_ms=12 connect_ms=0 first_byte_ms=3 total_ms=40 )"
        R"(tls=TLSv1.3 cipher=TLS_AES_128_GCM_SHA256 resumed=true alpn=h2 )"
        R"(backend=127.0.0.1:8080 reason="backend stalled")"
    );
}

TEST_F(HttpAccessRecord, TextHasDashesForWhatIsNotKnown) {
    AccessRecord record;
    record.client = "192.0.2.1";
    EXPECT_EQ(
        text(record),
        R"(192.0.2.1 - - [31/Dec/1969:20:30:00 -0330] "-" - 0 "-" "-" host=- session=0 port=0 )"
        R"(received=0 handshake_ms=- connect_ms=- first_byte_ms=- total_ms=0 tls=- cipher=- )"
        R"(resumed=false alpn=- backend=- reason="-")"
    );
}

TEST_F(HttpAccessRecord, JsonHasWhatIsKnown) {
    EXPECT_EQ(
        json(full()),
        R"({"time":"2025-11-24T15:34:08.123-03:30","session":7,"client":"2001:db8::1",)"
        R"("client_port":5555,"user":"CN=Ann Lee,O=x","host":"a.org:8443","method":"GET",)"
        R"("target":"/a?b=c","version":"HTTP/2.0","status":200,"received":5,"sent":1234,)"
        R"("handshake_ms":12,"connect_ms":0,"first_byte_ms":3,"total_ms":40,"tls":"TLSv1.3",)"
        R"("cipher":"TLS_AES_128_GCM_SHA256","resumed":true,"alpn":"h2",)"
        R"("backend":"127.0.0.1:8080","reason":"backend stalled","referer":"https://b.org/",)"
        R"("user_agent":"curl/8"})"
    );
    EXPECT_EQ(
        json({}),
        R"({"time":"1969-12-31T20:30:00.000-03:30","session":0,"client_port":0,"status":0,)"
        R"("received":0,"sent":0,"total_ms":0,"resumed":false})"
    );
}

TEST_F(HttpAccessRecord, NobodyWritesALineOfHisOwn) {
    AccessRecord record = full();
    constexpr char bytes[] = "\" 200 1\n1.2.3.4 - \r\0\x1b[31m\x7f\\";
    const std::string_view forged(bytes, sizeof bytes - 1);
    for (auto field :
         {&AccessRecord::user,
          &AccessRecord::host,
          &AccessRecord::method,
          &AccessRecord::target,
          &AccessRecord::referer,
          &AccessRecord::user_agent}) {
        record.*field = forged;
    }
    EXPECT_THAT(text(record), HasSubstr(R"("\x22 200 1\x0a1.2.3.4 - \x0d\x00\x1b[31m\x7f\x5c")"));
    EXPECT_THAT(
        json(record),
        HasSubstr(R"("target":"\" 200 1\u000a1.2.3.4 - \u000d\u0000\u001b[31m\u007f\\")")
    );
    for (const std::string& line : {text(record), json(record)}) {
        for (const char c : line) {
            EXPECT_TRUE(c >= ' ' && c < 0x7f) << static_cast<int>(c);
        }
    }
}

TEST_F(HttpAccessRecord, BlanksDoNotSplitTheRequestLine) {
    AccessRecord record = full();
    record.target = "/a HTTP/1.1\" 200";
    EXPECT_THAT(text(record), HasSubstr(R"("GET /a\x20HTTP/1.1\x22\x20200 HTTP/2.0" 200 )"));
}

TEST_F(HttpAccessRecord, TextIsAscii) {
    AccessRecord record = full();
    record.user_agent = "caf\xc3\xa9";
    EXPECT_THAT(text(record), HasSubstr(R"("caf\xc3\xa9")"));
}

TEST_F(HttpAccessRecord, JsonIsUtf8) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"},
        {"\xff", "\xef\xbf\xbd"},
        {"a\xc3", "a\xef\xbf\xbd"},
        {"\xc3(", "\xef\xbf\xbd("},
        {"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xe0\x80\xaf", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xc2\x9b", "\\u009b"},
        {"\xc2\xa0", "\xc2\xa0"},
    };
    for (const auto& [given, written] : cases) {
        AccessRecord record;
        record.user_agent = given;
        EXPECT_THAT(json(record), HasSubstr("\"user_agent\":\"" + written + "\"}"));
    }
}

}  // namespace
}  // namespace hsmfront::http
