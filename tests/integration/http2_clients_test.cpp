// Clients of HTTP/2 that others wrote, before nginx.
#include "tests/harness/stage.hpp"

#include <gmock/gmock.h>

namespace hsmfront::test {
namespace {

using ::testing::HasSubstr;

class Http2Clients : public Stage {
  protected:
    Http2Clients() { config.ftp.enabled = false; }
};

TEST_F(Http2Clients, CurlPutsAndGets) {
    start();
    const auto sent = sample(3'000'000);
    const auto fetched = scratch() / "fetched";
    const auto up =
        curl({"--http2", "--fail", "-w", "%{http_version}", "-T", sent.string(), https("/put.bin")}
        );
    ASSERT_EQ(up.code, 0) << up.error;
    EXPECT_EQ(up.out, "2");
    EXPECT_EQ(sha256(nginx.root() / "put.bin"), sha256(sent));
    const auto down = curl({"--http2", "--fail", "-o", fetched.string(), https("/put.bin")});
    ASSERT_EQ(down.code, 0) << down.error;
    EXPECT_EQ(sha256(fetched), sha256(sent));
}

TEST_F(Http2Clients, CurlSendsWhatHasNoLength) {
    start();
    const auto sent = sample(500'000);
    const auto up =
        curl({"--http2", "--fail", "-H", "Content-Length:", "-T", sent.string(), https("/put.bin")}
        );
    ASSERT_EQ(up.code, 0) << up.error;
    EXPECT_EQ(sha256(nginx.root() / "put.bin"), sha256(sent));
}

TEST_F(Http2Clients, NghttpAsksForSeveralAtATime) {
    start();
    std::vector<std::string> arguments = {"nghttp", "--no-verify-peer", "--null-out", "--stat"};
    for (int i = 0; i < 20; ++i) {
        arguments.push_back(https("/small?" + std::to_string(i)));
    }
    const auto asked = run(arguments, 20s);
    ASSERT_EQ(asked.code, 0) << asked.error;
    EXPECT_THAT(asked.out, HasSubstr(" 200 "));
    EXPECT_THAT(asked.out, HasSubstr("/small?19"));
}

TEST_F(Http2Clients, H2loadGetsAllItAsksFor) {
    start();
    const auto load = run({"h2load", "-n", "2000", "-c", "4", "-m", "20", https("/small")}, 60s);
    ASSERT_EQ(load.code, 0) << load.error;
    EXPECT_THAT(load.out, HasSubstr("2000 succeeded, 0 failed, 0 errored"));
    const auto with_content =
        run({"h2load",
             "-n",
             "200",
             "-c",
             "2",
             "-m",
             "10",
             "-d",
             sample(200'000).string(),
             https("/small")},
            60s);
    EXPECT_THAT(with_content.out, HasSubstr("200 succeeded, 0 failed, 0 errored"));
}

/// RFC 9113 §9.2.2: of TLS 1.2 only ephemeral keys with AEAD.
TEST_F(Http2Clients, CiphersThatHttp2ForbidsGetHttp11) {
    config.extra =
        "tls: { ciphers: \"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-SHA256\" }\n";
    start();
    const auto version = [&](const std::string& cipher) {
        return curl({"--tls-max",
                     "1.2",
                     "--ciphers",
                     cipher,
                     "-o",
                     "/dev/null",
                     "-w",
                     "%{http_version} %{http_code}",
                     https("/small")})
            .out;
    };
    EXPECT_EQ(version("ECDHE-ECDSA-AES128-GCM-SHA256"), "2 200");
    EXPECT_EQ(version("ECDHE-ECDSA-AES128-SHA256"), "1.1 200");
}

}  // namespace
}  // namespace hsmfront::test
