// A failed handshake is logged once, with its cause, and counted by it.
#include "tls_malformed_scene.hpp"

#include <csignal>
#include <sstream>

namespace hsmfront::test {
namespace {

using namespace std::string_literals;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string protocol_of(TlsDoor door) {
    return door == TlsDoor::https ? "http" : door == TlsDoor::ftps_data ? "ftp-data" : "ftp";
}

struct Known {
    std::string bytes;
    const char* cause;
    const char* words;
    bool fin = false;
};

std::vector<Known> known() {
    const std::string alpn = sized(2, sized(1, "no\n\"pe"));
    Hello strange;
    strange.extensions.push_back({TLSEXT_TYPE_application_layer_protocol_negotiation, alpn});
    Hello weak;
    weak.ciphers = "\0\x2f"s;
    Hello old;
    old.version = "\3\1";
    return {
        {"USER ann\r\n", "plain_text", "plain FTP where TLS should begin"},
        {weak.wire(), "no_shared_cipher", "the client offers ciphers AES128-SHA,"},
        {old.wire(), "unsupported_version", "the client offers TLS 1.0, the server takes TLS 1.2"},
        {strange.wire(), "no_shared_alpn", R"(offers ALPN "no\x0a\x22pe", the server takes)"},
        {"\x16\3\1\xff\xff"s, "malformed", "packet length too long"},
        {real_hello().substr(0, 99), "client_gone_before_hello", "after 99 bytes", true},
    };
}

class TlsDiagnosis : public MalformedScene, public ::testing::WithParamInterface<TlsDoor> {
  protected:
    [[nodiscard]] static std::string sample(const std::string& cause) {
        return "hsmfront_tls_handshake_failures_total{protocol=\"" + protocol_of(GetParam()) +
               "\",cause=\"" + cause + "\"}";
    }
    /// Each of known() is counted `times` times, and nothing else is.
    void expect_counts(long times) const {
        const std::string now = metrics();
        for (const Known& one : known()) {
            EXPECT_EQ(value_in(now, sample(one.cause)), times) << one.cause;
        }
        EXPECT_EQ(value_in(now, sample("plain_http")), 0);
        EXPECT_EQ(value_in(now, sample("internal")), 0);
    }
    [[nodiscard]] std::vector<std::string> failure_lines() const {
        std::istringstream lines(front->log());
        std::vector<std::string> found;
        for (std::string line; std::getline(lines, line);) {
            if (line.find("handshake failed") != std::string::npos) {
                found.push_back(line);
            }
        }
        return found;
    }
};

INSTANTIATE_TEST_SUITE_P(
    Doors,
    TlsDiagnosis,
    ::testing::Values(
        TlsDoor::https, TlsDoor::implicit_ftps, TlsDoor::auth_tls, TlsDoor::ftps_data
    ),
    [](const auto& door) { return name_of(door.param); }
);

TEST_P(TlsDiagnosis, EachFailureIsLoggedOnceAndCounted) {
    ASSERT_NO_FATAL_FAILURE(begin());
    const std::string start = GetParam() == TlsDoor::https       ? " https client=127.0.0.1:"
                              : GetParam() == TlsDoor::ftps_data ? " ftps data client=127.0.0.1:"
                                                                 : " ftps client=127.0.0.1:";
    std::size_t count = 0;
    expect_counts(0);
    for (const Known& one : known()) {
        static_cast<void>(refusal(GetParam(), one.bytes, one.fin));
        ++count;
        ASSERT_TRUE(eventually([&] { return failure_lines().size() >= count; })) << one.cause;
        const std::string line = failure_lines().back();
        EXPECT_THAT(line, HasSubstr("reason=\"TLS handshake failed ("s + one.cause + "): "));
        EXPECT_THAT(line, HasSubstr(one.words));
        EXPECT_THAT(line, HasSubstr(start));
    }
    expect_counts(1);
    front->process().signal(SIGHUP);
    EXPECT_TRUE(eventually([this] { return metric("hsmfront_reloads_total{result=\"ok\"}") == 1; })
    );
    expect_counts(1);  // a reload forgets nothing
    finish();
    EXPECT_EQ(failure_lines().size(), count) << "each is logged once";
}

using HandshakeMetrics = MalformedScene;

TEST_F(HandshakeMetrics, TellWhatWasDone) {
    ASSERT_NO_FATAL_FAILURE(begin());
    finish();
    const std::string done = "hsmfront_tls_handshakes_total{protocol=";
    EXPECT_GE(metric(done + R"("http",version="TLSv1.3",resumed="false"})"), 2);
    EXPECT_EQ(metric(done + R"("http",version="TLSv1.2",resumed="true"})"), 0);
    EXPECT_EQ(metric(done + R"("ftp",version="TLSv1.3",resumed="false"})"), 1);
    const auto status =
        run({program(), "status", "-c", scratch() / "hsmfront.yaml"}, 60s, token.environment());
    EXPECT_THAT(status.out, HasSubstr("handshakes, http: "));
    EXPECT_THAT(status.out, HasSubstr("handshakes, ftp-data: 0 full, 0 resumed, 0 failed"));
}

TEST_F(HandshakeMetrics, PlainHttpIsToldToUseHttps) {
    ASSERT_NO_FATAL_FAILURE(begin());
    for (const std::string& more : {""s, std::string(300'000, 'x')}) {
        Wire wire = enter(TlsDoor::https);
        wire.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 300000\r\n\r\n" + more);
        wire.send_fin();
        const auto answer = wire.rest();
        EXPECT_THAT(answer.bytes, StartsWith("HTTP/1.1 400 "));
        EXPECT_THAT(answer.bytes, HasSubstr("use https://"));
    }
    EXPECT_EQ(refusal(TlsDoor::https, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").bytes, "");
    EXPECT_EQ(refusal(TlsDoor::implicit_ftps, "GET / HTTP/1.1\r\n\r\n").bytes, "");
    finish();
}

/// Session keys are for builds made for debugging.
TEST_F(HandshakeMetrics, SessionKeysAreNotLoggedInARelease) {
    const auto file = scratch() / "session-keys";
    config.env["SSLKEYLOGFILE"] = file.string();
    start();
    ASSERT_EQ(TlsClient(config.http.port).get("/small"), "small");
#ifdef NDEBUG
    const bool release = !sanitized;  // those are debug builds, whatever the tests are
#else
    const bool release = false;
#endif
    if (release) {
        EXPECT_FALSE(std::filesystem::exists(file));
    } else {
        EXPECT_THAT(text_of(file), HasSubstr("CLIENT_HANDSHAKE_TRAFFIC_SECRET "));
    }
}

}  // namespace
}  // namespace hsmfront::test
