// HTTPS through the real binary, with curl before nginx and an origin that shows what it was sent.
#include "tests/harness/stage.hpp"

#include <gmock/gmock.h>

namespace hsmfront::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Https : public Stage {
  protected:
    Https() { config.ftp.enabled = false; }
};

/// Alias, TLS option of curl.
using KeyAndVersion = std::tuple<const char*, const char*>;

class HttpsTls : public Https, public ::testing::WithParamInterface<KeyAndVersion> {
  protected:
    [[nodiscard]] std::vector<std::string> version() const {
        const std::string text = std::get<1>(GetParam());
        return {"--tlsv" + text, "--tls-max", text};
    }
};

INSTANTIATE_TEST_SUITE_P(
    Keys,
    HttpsTls,
    ::testing::Combine(::testing::Values("rsa", "ec"), ::testing::Values("1.2", "1.3")),
    [](const auto& way) {
        const std::string version = std::get<1>(way.param);
        return std::string(std::get<0>(way.param)) + "_tls" + version.at(0) + version.at(2);
    }
);

TEST_P(HttpsTls, PutAndGetArriveUnchanged) {
    config.http.alias = std::get<0>(GetParam());
    start();
    const auto sent = sample(3'000'000);
    const auto received = scratch() / "received";
    auto put = version();
    put.insert(put.end(), {"--fail", "-T", sent.string(), https("/put.bin")});
    const auto up = curl(put);
    ASSERT_EQ(up.code, 0) << up.error;
    EXPECT_EQ(sha256(nginx.root() / "put.bin"), sha256(sent));

    auto get = version();
    get.insert(get.end(), {"--fail", "-o", received.string(), https("/put.bin")});
    const auto down = curl(get);
    ASSERT_EQ(down.code, 0) << down.error;
    EXPECT_EQ(sha256(received), sha256(sent));
}

class HttpsOrigin : public Https {
  protected:
    HttpsOrigin() : origin(scratch() / "origin", ports) {
        config.http.backend_port = origin.port();
    }

    Origin origin;
};

TEST_F(HttpsOrigin, PostGivesTheBodyBack) {
    start();
    const auto sent = sample(500'000);
    const auto received = scratch() / "received";
    const auto post =
        curl({"--data-binary", "@" + sent.string(), "-o", received.string(), https("/echo")});
    ASSERT_EQ(post.code, 0) << post.error;
    EXPECT_EQ(sha256(received), sha256(sent));
}

TEST_F(HttpsOrigin, ChunkedUploadArrives) {
    start();
    const auto sent = sample(500'000);
    const auto received = scratch() / "received";
    const auto post = curl(
        {"-H",
         "Transfer-Encoding: chunked",
         "--data-binary",
         "@" + sent.string(),
         "-o",
         received.string(),
         https("/echo")}
    );
    ASSERT_EQ(post.code, 0) << post.error;
    EXPECT_EQ(sha256(received), sha256(sent));
}

TEST_F(HttpsOrigin, ChunkedAnswerArrives) {
    start();
    const auto answer = curl({https("/chunked")});
    ASSERT_EQ(answer.code, 0) << answer.error;
    EXPECT_EQ(answer.out, "one\ntwo\nthree\n");
}

TEST_F(HttpsOrigin, BackendIsToldWhereTheRequestCameFrom) {
    start();
    const auto answer = curl({https("/request")});
    ASSERT_EQ(answer.code, 0) << answer.error;
    const auto port = std::to_string(config.http.port);
    EXPECT_THAT(answer.out, HasSubstr("GET /request HTTP/1.1"));
    EXPECT_THAT(answer.out, ::testing::ContainsRegex("X-Forwarded-For: (127.0.0.1|::1)"));
    EXPECT_THAT(answer.out, HasSubstr("X-Forwarded-Proto: https"));
    EXPECT_THAT(answer.out, HasSubstr("X-Forwarded-Host: localhost:" + port));
    EXPECT_THAT(answer.out, HasSubstr("X-Forwarded-Port: " + port));
}

TEST_F(HttpsOrigin, ForwardingFieldsOfAClientAreReplaced) {
    start();
    const auto answer = curl(
        {"-H",
         "X-Forwarded-For: 192.0.2.1",
         "-H",
         "X-Forwarded-Proto: http",
         "-H",
         "Forwarded: for=192.0.2.1",
         https("/request")}
    );
    ASSERT_EQ(answer.code, 0) << answer.error;
    EXPECT_THAT(answer.out, Not(HasSubstr("192.0.2.1")));
    EXPECT_THAT(answer.out, HasSubstr("X-Forwarded-Proto: https"));
}

TEST_F(Https, ManyRequestsUseOneConnectionOnEachSide) {
    start();
    write_file(nginx.root() / "file", "content");
    // In HTTP/2 a request may come before the one before has given its connection back.
    std::vector<std::string> arguments = {"--http1.1", "--fail", "-w", "%{num_connects} "};
    for (int i = 0; i < 10; ++i) {
        arguments.insert(arguments.end(), {"-o", "/dev/null", https("/file")});
    }
    const auto requests = curl(arguments);
    ASSERT_EQ(requests.code, 0) << requests.error;
    EXPECT_EQ(requests.out, "1 0 0 0 0 0 0 0 0 0 ");

    std::set<std::string> connections;
    const std::string log = nginx.log();
    for (std::size_t at = 0; (at = log.find("connection=", at)) != std::string::npos; ++at) {
        connections.insert(log.substr(at, log.find(' ', at) - at));
    }
    EXPECT_EQ(connections.size(), 1U) << log;
}

TEST_F(Https, AnswersOverIpv6) {
    start();
    write_file(nginx.root() / "file", "content");
    const auto answer = curl({"--fail", https("/file", "[::1]")});
    ASSERT_EQ(answer.code, 0) << answer.error;
    EXPECT_EQ(answer.out, "content");
}

TEST_F(Https, HeadHasNoBody) {
    start();
    write_file(nginx.root() / "file", "content");
    const auto answer = curl({"--head", https("/file")});
    ASSERT_EQ(answer.code, 0) << answer.error;
    EXPECT_THAT(answer.out, HasSubstr("200"));
    EXPECT_THAT(answer.out, ::testing::ContainsRegex("[Cc]ontent-[Ll]ength: 7"));
}

TEST_F(Https, StatusOfTheBackendIsPassedOn) {
    start();
    const auto answer = curl({"-o", "/dev/null", "-w", "%{http_code}", https("/nothing-there")});
    EXPECT_EQ(answer.out, "404");
}

TEST_F(Https, BackendThatIsDownGives502) {
    config.http.backend_port = ports.next();
    start();
    const auto answer = curl({"-o", "/dev/null", "-w", "%{http_code}", https("/")});
    EXPECT_EQ(answer.out, "502");
}

TEST_F(Https, AmbiguousFramingIs400) {
    start();
    const auto answer = curl(
        {"--http1.1",
         "-o",
         "/dev/null",
         "-w",
         "%{http_code}",
         "-H",
         "Transfer-Encoding: chunked",
         "-H",
         "Content-Length: 4",
         "--data",
         "abcd",
         https("/")}
    );
    EXPECT_EQ(answer.out, "400") << answer.error;
}

TEST_F(Https, TlsBelowTheMinimumIsRefused) {
    config.extra = "tls: { min_version: \"1.3\" }\n";
    start();
    EXPECT_EQ(curl({"--tls-max", "1.2", https("/")}).code, 35);
    EXPECT_EQ(curl({"--tlsv1.3", https("/")}).code, 0);
}

TEST_F(Https, PairOfRsaAndEcServesBothKindsOfClients) {
    config.http.alias = "[rsa, ec]";
    start();
    for (const char* cipher : {"ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"}) {
        const auto answer = curl({"--tls-max", "1.2", "--ciphers", cipher, https("/small")});
        EXPECT_EQ(answer.out, "small") << cipher << ": " << answer.error;
    }
}

}  // namespace
}  // namespace hsmfront::test
