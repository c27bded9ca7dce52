// The access log through the real binary: what is written of requests, and where.
#include "http_scene.hpp"
#include "tests/harness/files.hpp"
#include "tests/harness/stage.hpp"

#include <csignal>

namespace hsmfront::test {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;

/// The line of `file` that holds `text`, once it is there.
std::string line_of(const std::filesystem::path& file, const std::string& text) {
    std::string line;
    const bool found = eventually([&] {
        const std::string lines = text_of(file);
        const auto at = lines.find(text);
        if (at == std::string::npos || lines.find('\n', at) == std::string::npos) {
            return false;
        }
        const auto begin = lines.rfind('\n', at) + 1;
        line = lines.substr(begin, lines.find('\n', at) - begin);
        return true;
    });
    EXPECT_TRUE(found) << text;
    return line;
}

class HttpAccessLog : public PlayedHttp {
  protected:
    std::string line_with(const std::string& text) {
        return line_of(scratch() / "access.log", text);
    }
};

class Http2AccessLog : public Stage {
  protected:
    Http2AccessLog() {
        config.ftp.enabled = false;
        config.extra += "log: { access: access.log }\n";
    }
};

TEST_F(Http2AccessLog, TellsOfEachStream) {
    start();
    const std::string address = https("/absent?x");
    const auto answer = curl({"--http2", "-A", "probe/2", address, address});
    ASSERT_EQ(answer.code, 0) << answer.error;
    const std::string line = line_of(scratch() / "access.log", "handshake_ms=- ");
    EXPECT_THAT(
        line,
        AllOf(
            HasSubstr("] \"GET /absent?x HTTP/2.0\" 404 "),
            HasSubstr(" \"-\" \"probe/2\" host=localhost:"),
            HasSubstr(" alpn=h2 backend=127.0.0.1:"),
            EndsWith(" reason=\"-\"")
        )
    );
    EXPECT_THAT(text_of(scratch() / "access.log"), ContainsRegex("handshake_ms=[0-9]+ "));
}

TEST_F(Http2AccessLog, TellsOfRefusals) {
    start();
    const auto answer = curl({"--http2", "-X", "TRACE", https("/traced")});
    ASSERT_EQ(answer.code, 0) << answer.error;
    EXPECT_THAT(
        line_of(scratch() / "access.log", " 501 "),
        HasSubstr("reason=\"method or coding not offered\"")
    );
}

TEST_F(HttpAccessLog, TellsOfEachRequest) {
    config.extra += "log: { access: access.log }\n";
    const auto answer = answered(
        post("/a?b=c", "User-Agent: probe/1\r\nCookie: id=s3cret\r\nContent-Length: 3\r\n", "abc"),
        ok_with("hello")
    );
    EXPECT_EQ(answer.status(), 200);
    EXPECT_EQ(behind.take(3), "abc");
    EXPECT_TRUE(goes_on());
    EXPECT_THAT(
        line_with("\"POST /a?b=c HTTP/1.1\""),
        AllOf(
            StartsWith("127.0.0.1 - - ["),
            HasSubstr("] \"POST /a?b=c HTTP/1.1\" 200 5 \"-\" \"probe/1\" host=localhost session="),
            HasSubstr(" received=3 "),
            ContainsRegex("handshake_ms=[0-9]+ connect_ms=[0-9]+ first_byte_ms=[0-9]+ total_ms="),
            HasSubstr(" tls=TLSv1.3 cipher=TLS_AES_"),
            HasSubstr(" resumed=false alpn=- "),
            EndsWith(
                "backend=127.0.0.1:" + std::to_string(config.http.backend_port) + " reason=\"-\""
            ),
            Not(HasSubstr("s3cret"))
        )
    );
    EXPECT_THAT(
        line_with("/more"), AllOf(HasSubstr(" 200 4 "), HasSubstr("handshake_ms=- connect_ms=0 "))
    );
}

TEST_F(HttpAccessLog, TellsOfRefusals) {
    config.extra += "log: { access: access.log }\n";
    EXPECT_EQ(refusal("GET /bad HTTP/1.1\r\n\r\n"), "HTTP/1.1 400 Bad Request");
    EXPECT_THAT(
        line_with("/bad"),
        AllOf(
            HasSubstr("\"GET /bad HTTP/1.1\" 400 0 "),
            HasSubstr("backend=- reason=\"malformed request\"")
        )
    );
    EXPECT_EQ(refusal("\" 200\x1b[31m\r\n\r\n"), "HTTP/1.1 400 Bad Request");
    EXPECT_TRUE(eventually([&] {
        return text_of(scratch() / "access.log").find("\"-\" 400 0") != std::string::npos;
    }));
}

TEST_F(HttpAccessLog, TellsWhatABrokenBackendDid) {
    config.extra += "log: { access: access.log }\n";
    EXPECT_FALSE(head_behind(get("/cut")).empty());
    behind.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    behind.close();
    EXPECT_NE(client.rest().ending, Ending::close_notify);
    EXPECT_THAT(
        line_with("/cut"), AllOf(HasSubstr(" 200 3 "), HasSubstr("backend response truncated"))
    );
}

TEST_F(HttpAccessLog, GoesWhereTheLogGoesInJson) {
    config.extra += "log: { level: error, access: { file: \"-\", format: json } }\n";
    launch();  // the log says nothing of what is up
    ASSERT_TRUE(eventually([&] { return connect().open(); }));
    EXPECT_EQ(answered(get("/json"), ok_with("hello")).status(), 200);
    ASSERT_TRUE(front->logged("\"target\":\"/json\""));
    EXPECT_THAT(
        front->line_with("/json"),
        AllOf(StartsWith("{\"time\":\""), HasSubstr(",\"status\":200,"), EndsWith("}"))
    );
}

TEST_F(HttpAccessLog, IsOpenedAgainOnSigusr1) {
    config.extra += "log: { access: access.log }\n";
    EXPECT_EQ(answered(get("/before"), ok_with("1")).status(), 200);
    EXPECT_NE(line_with("/before"), "");
    std::filesystem::rename(scratch() / "access.log", scratch() / "access.log.1");
    front->process().signal(SIGUSR1);
    ASSERT_TRUE(eventually([&] { return std::filesystem::exists(scratch() / "access.log"); }));
    EXPECT_TRUE(goes_on());
    EXPECT_NE(line_with("/more"), "");
    EXPECT_THAT(text_of(scratch() / "access.log.1"), Not(HasSubstr("/more")));
}

}  // namespace
}  // namespace hsmfront::test
