// AccessEntry: what of a request and its connection reaches the log.
#include "proxy/http/access_entry.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <sstream>

namespace hsmfront::http {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class HttpAccessEntry : public ::testing::Test {
  protected:
    HttpAccessEntry() {
        sink_->set_pattern("%v");
        connection_.known.client = "192.0.2.1";
        connection_.known.session = 9;
        connection_.known.handshake = 15ms;
    }

    /// What was written since the last call.
    std::string written() {
        std::string text = out_.str();
        out_.str({});
        return text;
    }

    /// A head whose bytes are gone when it returns, as an inlet's are.
    static void describe(AccessEntry& entry) {
        const std::string head =
            "GET /a?token=b HTTP/1.1\r\nHost: a.org\r\nUser-Agent: curl/8\r\nReferer: r\r\n"
            "Authorization: Basic c2VjcmV0\r\nCookie: id=secret\r\n\r\n";
        entry.describe(*parse_request_head(head, 10), "a.org");
    }

    std::ostringstream out_;
    std::shared_ptr<spdlog::sinks::ostream_sink_st> sink_ =
        std::make_shared<spdlog::sinks::ostream_sink_st>(out_);
    AccessLog log_{std::make_shared<spdlog::logger>("access", sink_), config::LogFormat::text};
    AccessConnection connection_{log_, {}};
    Traffic traffic_;
};

TEST_F(HttpAccessEntry, TellsOfARequestThatWasServed) {
    AccessEntry entry(&connection_, traffic_);
    describe(entry);
    Exchange::Facts facts;
    facts.status = 200;
    facts.received = 3;
    facts.sent = 4;
    facts.connect = 5ms;
    facts.first_byte = 6ms;
    facts.backend = "127.0.0.1:80";
    entry.end(facts);
    EXPECT_THAT(
        written(),
        AllOf(
            HasSubstr("192.0.2.1 - - ["),
            HasSubstr("\"GET /a?token=b HTTP/1.1\" 200 4 \"r\" \"curl/8\" host=a.org session=9"),
            HasSubstr("received=3 handshake_ms=15 connect_ms=5 first_byte_ms=6"),
            HasSubstr("backend=127.0.0.1:80 reason=\"-\"\n")
        )
    );
}

TEST_F(HttpAccessEntry, HoldsNoCredentials) {
    AccessEntry entry(&connection_, traffic_);
    describe(entry);
    entry.end(Exchange::Facts{});
    EXPECT_THAT(written(), AllOf(Not(HasSubstr("c2VjcmV0")), Not(HasSubstr("id=secret"))));
}

TEST_F(HttpAccessEntry, TheHandshakeIsOfTheFirstRequest) {
    for (const char* const handshake : {"handshake_ms=15 ", "handshake_ms=- ", "handshake_ms=- "}) {
        AccessEntry entry(&connection_, traffic_);
        entry.end(Exchange::Facts{});
        EXPECT_THAT(written(), HasSubstr(handshake));
    }
}

TEST_F(HttpAccessEntry, TellsOfARequestThatWasRefusedUnread) {
    AccessEntry entry(&connection_, traffic_);
    entry.end(Status::request_timeout, "request head timed out");
    EXPECT_THAT(
        written(),
        AllOf(
            HasSubstr("\"-\" 408 0 "),
            HasSubstr("connect_ms=- first_byte_ms=- "),
            HasSubstr("backend=- reason=\"request head timed out\"\n")
        )
    );
}

TEST_F(HttpAccessEntry, IsCountedWithoutALogToo) {
    AccessEntry entry(nullptr, traffic_);
    describe(entry);
    Exchange::Facts facts;
    facts.status = 404;
    facts.received = 3;
    facts.sent = 4;
    entry.end(facts);
    EXPECT_EQ(written(), "");
    EXPECT_EQ(traffic_.requests[4], 1U);
    EXPECT_EQ(traffic_.received, 3U);
    EXPECT_EQ(traffic_.sent, 4U);
    EXPECT_EQ(traffic_.durations.copy().total(), 1U);
}

TEST_F(HttpAccessEntry, WithoutAnAnswerIsCountedAsSuch) {
    AccessEntry(nullptr, traffic_).end(Status{}, "client closed");
    EXPECT_EQ(traffic_.requests[0], 1U);
}

}  // namespace
}  // namespace hsmfront::http
