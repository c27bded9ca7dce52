// The strict head parser against what must pass and what smuggles.
#include "proxy/http/head.hpp"

#include <gtest/gtest.h>

#include <string>

namespace hsmfront::http {
namespace {

constexpr std::size_t limit = 1024;
using State = HeadScanner::State;

Status request_fault(std::string_view head, std::size_t max_fields = 100) {
    HeadScanner scanner(HeadScanner::Kind::request, limit);
    if (scanner.scan(head) != State::complete) {
        return Status::bad_request;
    }
    const auto parsed = parse_request_head(scanner.head(head), max_fields);
    return parsed ? Status{} : parsed.error();
}

bool response_valid(std::string_view head) {
    HeadScanner scanner(HeadScanner::Kind::response, limit);
    return scanner.scan(head) == State::complete &&
           parse_response_head(scanner.head(head), 100).has_value();
}

TEST(HttpHeadScanner, FindsEndByteByByte) {
    const std::string input = "GET / HTTP/1.1\r\nHost: a\r\n\r\nrest";
    HeadScanner scanner(HeadScanner::Kind::request, limit);
    for (std::size_t length = 1; length < input.size() - 4; ++length) {
        ASSERT_EQ(scanner.scan(std::string_view(input).substr(0, length)), State::incomplete);
    }
    ASSERT_EQ(scanner.scan(input), State::complete);
    EXPECT_EQ(scanner.consumed(), input.size() - 4);
    EXPECT_EQ(scanner.head(input), "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
}

TEST(HttpHeadScanner, SkipsOneEmptyLineBeforeRequest) {
    const std::string input = "\r\nGET / HTTP/1.1\r\n\r\n";
    HeadScanner scanner(HeadScanner::Kind::request, limit);
    ASSERT_EQ(scanner.scan(input), State::complete);
    EXPECT_EQ(scanner.head(input), "GET / HTTP/1.1\r\n\r\n");
    EXPECT_EQ(scanner.consumed(), input.size());
}

TEST(HttpHeadScanner, DoesNotSkipTwoEmptyLines) {
    EXPECT_EQ(request_fault("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), Status::bad_request);
}

TEST(HttpHeadScanner, DoesNotSkipEmptyLineBeforeResponse) {
    EXPECT_FALSE(response_valid("\r\nHTTP/1.1 200 OK\r\n\r\n"));
}

TEST(HttpHeadScanner, RefusesBareLineFeedAtOnce) {
    HeadScanner scanner(HeadScanner::Kind::request, limit);
    EXPECT_EQ(scanner.scan("GET / HTTP/1.1\n"), State::malformed);
    HeadScanner first(HeadScanner::Kind::request, limit);
    EXPECT_EQ(first.scan("\n"), State::malformed);
    HeadScanner second(HeadScanner::Kind::request, limit);
    EXPECT_EQ(second.scan("GET / HTTP/1.1\r\nHost: a\n\r\n"), State::malformed);
    HeadScanner third(HeadScanner::Kind::request, limit);
    EXPECT_EQ(third.scan("GET / HTTP/1.1\r\n\n"), State::malformed);
}

TEST(HttpHeadScanner, WhatFillsTheLimitWithoutAnEndIsTooLarge) {
    HeadScanner line(HeadScanner::Kind::request, 32);
    EXPECT_EQ(line.scan("GET /" + std::string(26, 'a')), State::incomplete);
    EXPECT_EQ(line.scan("GET /" + std::string(27, 'a')), State::line_too_long);
    HeadScanner behind_empty_line(HeadScanner::Kind::request, 32);
    EXPECT_EQ(behind_empty_line.scan("\r\nGET /" + std::string(25, 'a')), State::line_too_long);
    HeadScanner head(HeadScanner::Kind::request, 32);
    EXPECT_EQ(head.scan("GET / HTTP/1.1\r\nA: " + std::string(13, 'a')), State::too_large);
    HeadScanner whole(HeadScanner::Kind::request, 32);
    EXPECT_EQ(
        whole.scan("GET / HTTP/1.1\r\nA: " + std::string(9, 'a') + "\r\n\r\n"), State::complete
    );
}

TEST(HttpHeadScanner, TellsLongLineFromLargeHead) {
    HeadScanner line(HeadScanner::Kind::request, 32);
    EXPECT_EQ(line.scan("GET /" + std::string(40, 'a')), State::line_too_long);
    HeadScanner head(HeadScanner::Kind::request, 32);
    EXPECT_EQ(head.scan("GET / HTTP/1.1\r\nA: " + std::string(40, 'a')), State::too_large);
    HeadScanner whole(HeadScanner::Kind::request, 32);
    EXPECT_EQ(
        whole.scan("GET / HTTP/1.1\r\nA: " + std::string(40, 'a') + "\r\n\r\n"), State::too_large
    );
}

TEST(HttpHeadScanner, CountsTheHeadOnlyNotWhatFollows) {
    HeadScanner scanner(HeadScanner::Kind::request, 32);
    EXPECT_EQ(scanner.scan("GET / HTTP/1.1\r\n\r\n" + std::string(100, 'b')), State::complete);
}

TEST(HttpRequestHead, ReadsLineAndFields) {
    const auto head = parse_request_head(
        "POST /a?b=c HTTP/1.0\r\nHost: x\r\nEmpty:\r\nSpaced: \t v w \t\r\nObs: \xe4\r\n\r\n", 10
    );
    ASSERT_TRUE(head);
    EXPECT_EQ(head->method, "POST");
    EXPECT_EQ(head->target, "/a?b=c");
    EXPECT_EQ(head->version, Version::http1_0);
    ASSERT_EQ(head->fields.size(), 4U);
    EXPECT_EQ(head->fields[0].name, "Host");
    EXPECT_EQ(head->fields[0].value, "x");
    EXPECT_EQ(head->fields[1].value, "");
    EXPECT_EQ(head->fields[2].value, "v w");
    EXPECT_EQ(head->fields[3].value, "\xe4");
}

TEST(HttpRequestHead, RefusesMalformedRequestLines) {
    for (const std::string_view line :
         {"GET /",
          "GET",
          "",
          " GET / HTTP/1.1",
          "GET  / HTTP/1.1",
          "GET /  HTTP/1.1",
          "GET / HTTP/1.1 ",
          "GET\t/ HTTP/1.1",
          "GET /a b HTTP/1.1",
          "G(T / HTTP/1.1",
          "GET /# HTTP/1.1",
          "GET /\x7f HTTP/1.1",
          "GET /\xe4 HTTP/1.1",
          "GET /\r HTTP/1.1",
          "GET / http/1.1",
          "GET / HTTP/1.1\r",
          "GET / HTTP/11",
          "GET / HTTP/1.10",
          "GET / HTTPS/1.1"}) {
        EXPECT_EQ(request_fault(std::string(line) + "\r\nHost: a\r\n\r\n"), Status::bad_request)
            << line;
    }
}

TEST(HttpRequestHead, RefusesNulEverywhere) {
    using namespace std::string_literals;
    EXPECT_EQ(request_fault("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"s), Status::bad_request);
    EXPECT_EQ(request_fault("GET / HTTP/1.1\r\nHost: a\0\r\n\r\n"s), Status::bad_request);
    EXPECT_EQ(request_fault("GET / HTTP/1.1\r\nHo\0st: a\r\n\r\n"s), Status::bad_request);
}

TEST(HttpRequestHead, RefusesOtherVersions) {
    for (const std::string_view version : {"HTTP/2.0", "HTTP/0.9", "HTTP/1.2", "HTTP/3.0"}) {
        EXPECT_EQ(
            request_fault("GET / " + std::string(version) + "\r\nHost: a\r\n\r\n"),
            Status::version_not_supported
        ) << version;
    }
    EXPECT_EQ(request_fault("PRI * HTTP/2.0\r\n\r\n"), Status::version_not_supported);
}

TEST(HttpRequestHead, RefusesMalformedFields) {
    for (const std::string_view field :
         {"Host : a",
          "Host\t: a",
          " Host: a",
          "Host: a\r\n folded",
          "Host: a\r\n\tfolded",
          "Host",
          ": a",
          "Ho st: a",
          "Ho\xe4st: a",
          "A: b\rc",
          "A: b\x01",
          "A: b\x7f",
          "A(: b",
          "A: b\r"}) {
        EXPECT_EQ(
            request_fault("GET / HTTP/1.1\r\n" + std::string(field) + "\r\n\r\n"),
            Status::bad_request
        ) << field;
    }
}

TEST(HttpRequestHead, RefusesWhitespaceBeforeFirstField) {
    EXPECT_EQ(request_fault("GET / HTTP/1.1\r\n Host: a\r\n\r\n"), Status::bad_request);
    EXPECT_EQ(request_fault("GET / HTTP/1.1\r\n \r\nHost: a\r\n\r\n"), Status::bad_request);
}

TEST(HttpRequestHead, CountsFields) {
    EXPECT_EQ(request_fault("GET / HTTP/1.1\r\nA: 1\r\nB: 2\r\n\r\n", 2), Status{});
    EXPECT_EQ(
        request_fault("GET / HTTP/1.1\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n", 2), Status::fields_too_large
    );
}

TEST(HttpResponseHead, ReadsStatusLines) {
    EXPECT_TRUE(response_valid("HTTP/1.1 200 OK\r\nA: b\r\n\r\n"));
    EXPECT_TRUE(response_valid("HTTP/1.0 404 Not Found here\r\n\r\n"));
    EXPECT_TRUE(response_valid("HTTP/1.1 200 \r\n\r\n"));
    EXPECT_TRUE(response_valid("HTTP/1.1 200\r\n\r\n"));
    const auto head = parse_response_head("HTTP/1.1 503 Gone \xe4 fishing\r\n\r\n", 10);
    ASSERT_TRUE(head);
    EXPECT_EQ(head->status, 503U);
    EXPECT_EQ(head->reason, "Gone \xe4 fishing");
}

TEST(HttpResponseHead, RefusesMalformed) {
    for (const std::string_view head :
         {"HTTP/1.1 20 OK\r\n\r\n",
          "HTTP/1.1 2000 OK\r\n\r\n",
          "HTTP/1.1  200 OK\r\n\r\n",
          "HTTP/1.1 099 OK\r\n\r\n",
          "HTTP/1.1 600 OK\r\n\r\n",
          "HTTP/1.1 2x0 OK\r\n\r\n",
          "HTTP/2.0 200 OK\r\n\r\n",
          "ICY 200 OK\r\n\r\n",
          "HTTP/1.1 200 O\x01K\r\n\r\n",
          "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
          "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
          "HTTP/1.1 200 OK\nA: b\n\n"}) {
        EXPECT_FALSE(response_valid(head)) << head;
    }
}

}  // namespace
}  // namespace hsmfront::http
