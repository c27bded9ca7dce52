// HTTPS with many clients: curl, Python, Node.js, before nginx and an origin of our own.
#include "tests/harness/stage.hpp"

#include <gmock/gmock.h>

namespace hsmfront::test {
namespace {

using ::testing::HasSubstr;

class HttpsClients : public Stage {
  protected:
    HttpsClients() : origin(scratch() / "origin", ports) {
        config.ftp.enabled = false;
        config.http.backend_port = origin.port();
    }

    /// A client that prints nothing when all is well.
    void expect_well(const std::vector<std::string>& argv) const {
        const auto client = run(argv);
        EXPECT_EQ(client.code, 0) << client.out << client.error;
    }
    [[nodiscard]] std::string port() const { return std::to_string(config.http.port); }
    [[nodiscard]] static std::string tool(const std::string& name) {
        return HSMFRONT_SOURCE_DIR "/tests/tools/" + name;
    }

    Origin origin;
};

TEST_F(HttpsClients, Python) {
    start();
    expect_well({"python3", tool("https_session.py"), port(), Material::get().ca().string()});
}

TEST_F(HttpsClients, NodeOverHttp1) {
    start();
    const auto ca = Material::get().ca().string();
    expect_well({"node", tool("https_session.js"), port(), ca, "http1"});
}

TEST_F(HttpsClients, NodeOverHttp2) {
    start();
    const auto ca = Material::get().ca().string();
    expect_well({"node", tool("https_session.js"), port(), ca, "http2"});
}

/// A hundred requests at once on one connection, with PRIORITY frames between them.
TEST_F(HttpsClients, Nghttp) {
    start();
    const auto client =
        run({"nghttp", "--stat", "--null-out", "--multiply=100", https("/chunks/30000")});
    EXPECT_EQ(client.code, 0) << client.error;
    EXPECT_EQ(occurrences(client.out, " 200 "), 100U) << client.out;
}

TEST_F(HttpsClients, H2load) {
    config.http.backend_port = nginx.port();
    start();
    const auto client = run(
        {"h2load",
         "--requests=5000",
         "--clients=10",
         "--max-concurrent-streams=20",
         https("/small")}
    );
    EXPECT_EQ(client.code, 0) << client.error;
    EXPECT_THAT(client.out, HasSubstr("Application protocol: h2"));
    EXPECT_THAT(client.out, HasSubstr("5000 done, 5000 succeeded, 0 failed"));
}

/// The protocol that curl asks for.
class HttpsCurl : public HttpsClients, public ::testing::WithParamInterface<const char*> {
  protected:
    [[nodiscard]] Outcome ask(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), std::string("--") + GetParam());
        return curl(std::move(arguments));
    }
};

INSTANTIATE_TEST_SUITE_P(
    Version,
    HttpsCurl,
    ::testing::Values("http1.1", "http2"),
    [](const auto& version) { return version.param == std::string("http2") ? "http2" : "http1"; }
);

TEST_P(HttpsCurl, SpeaksTheVersionThatItAsksFor) {
    start();
    const auto answer = ask({"-o", "/dev/null", "-w", "http%{http_version}", https("/request")});
    EXPECT_EQ(answer.out, GetParam());
}

TEST_P(HttpsCurl, FollowsRedirectsToHttps) {
    start();
    const auto answer =
        ask({"--location", "--proto-redir", "=https", "-w", "%{url_effective}", https("/redirect")}
        );
    ASSERT_EQ(answer.code, 0) << answer.error;
    EXPECT_THAT(answer.out, HasSubstr(https("/request")));
}

TEST_P(HttpsCurl, KeepsCookies) {
    start();
    const auto jar = (scratch() / "jar").string();
    ASSERT_EQ(ask({"--cookie-jar", jar, https("/cookies")}).out, "");
    EXPECT_EQ(ask({"--cookie", jar, https("/cookies")}).out, "session=s3cret; theme=dark");
}

TEST_P(HttpsCurl, SendsForms) {
    start();
    const auto file = sample(300'000);
    const auto answer =
        ask({"--form", "comment=short", "--form", "file=@" + file.string(), https("/form")});
    EXPECT_THAT(answer.out, HasSubstr(R"("name": "comment", "file": null, "size": 5)"));
    EXPECT_THAT(answer.out, HasSubstr(sha256(file)));
}

TEST_P(HttpsCurl, AsksBeforeItSendsMuch) {
    start();
    const auto file = sample(3'000'000);
    const auto answer = ask(
        {"-T", file.string(), "-H", "Expect: 100-continue", "-w", "%{http_code}", https("/digest")}
    );
    EXPECT_EQ(answer.out, sha256(file) + " 3000000\n200") << answer.error;
}

TEST_P(HttpsCurl, GetsErrorsAsTheyAre) {
    start();
    for (const char* status : {"400", "401", "403", "404", "410", "500", "502", "503"}) {
        const auto answer = ask({"-w", "%{http_code}", https(std::string("/status/") + status)});
        EXPECT_EQ(answer.out, std::string("status ") + status + "\n" + status);
    }
}

TEST_P(HttpsCurl, GetsPartsOfFilesFromNginx) {
    config.http.backend_port = nginx.port();
    start();
    write_file(nginx.root() / "digits", "0123456789");
    const auto part = ask({"--range", "3-5", "-w", " %{http_code}", https("/digits")});
    EXPECT_EQ(part.out, "345 206");
    EXPECT_THAT(ask({"--range", "0-1,8-9", https("/digits")}).out, HasSubstr("bytes 8-9/10"));
    const auto none =
        ask({"--range", "10-", "-o", "/dev/null", "-w", "%{http_code}", https("/digits")});
    EXPECT_EQ(none.out, "416");
    const auto rest = scratch() / "rest";
    write_file(rest, "01234");
    const auto resumed = ask({"--continue-at", "-", "-o", rest.string(), https("/digits")});
    EXPECT_EQ(resumed.code, 0) << resumed.error;
    EXPECT_EQ(text_of(rest), "0123456789");
}

TEST_P(HttpsCurl, AsksWhetherItsCopyIsStillGood) {
    config.http.backend_port = nginx.port();
    start();
    write_file(nginx.root() / "file", "content");
    const auto tag = (scratch() / "tag").string();
    ASSERT_EQ(ask({"--etag-save", tag, https("/file")}).out, "content");
    const auto same = ask({"--etag-compare", tag, "-w", "%{http_code}", https("/file")});
    EXPECT_EQ(same.out, "304");
    write_file(nginx.root() / "file", "other content");
    const auto other = ask({"--etag-compare", tag, "-w", " %{http_code}", https("/file")});
    EXPECT_EQ(other.out, "other content 200");
}

TEST_P(HttpsCurl, GetsCompressedContentUnchanged) {
    config.http.backend_port = nginx.port();
    start();
    const auto packed = nginx.root() / "packed.gz";
    const auto pack = run({"sh", "-c", "seq 100000 | gzip > " + packed.string()});
    ASSERT_EQ(pack.code, 0) << pack.error;
    const auto received = scratch() / "received";
    const auto answer = ask({"-o", received.string(), https("/packed.gz")});
    EXPECT_EQ(sha256(received), sha256(packed)) << answer.error;
}

}  // namespace
}  // namespace hsmfront::test
