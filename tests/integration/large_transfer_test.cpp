// Large files arrive unchanged, and the proxy's memory does not grow with them.
#include "tests/harness/stage.hpp"

namespace hsmfront::test {
namespace {

constexpr std::size_t mib = 1024 * 1024;
constexpr std::size_t memory_limit_kib = 64 * 1024;
constexpr auto time_limit = 10min;

class Transfer : public Stage {
  protected:
    void expect_little_memory() const {
        if (!sanitized) {
            EXPECT_LT(front->peak_memory_kib(), memory_limit_kib);
        }
    }

    /// Up to `url` and down again; `stored` is where the backend keeps it.
    void there_and_back(
        std::size_t size,
        const std::string& url,
        const std::filesystem::path& stored,
        const std::vector<std::string>& options = {}
    ) {
        const auto sent = sample(size);
        const auto digest = sha256(sent);
        auto arguments = options;
        arguments.insert(arguments.end(), {"--fail", "-T", sent.string(), url});
        const auto up = curl(arguments, time_limit);
        ASSERT_EQ(up.code, 0) << up.error;
        EXPECT_EQ(sha256(stored), digest);
        std::filesystem::remove(sent);

        const auto received = scratch() / "received";
        arguments = options;
        arguments.insert(arguments.end(), {"--fail", "-o", received.string(), url});
        const auto down = curl(arguments, time_limit);
        ASSERT_EQ(down.code, 0) << down.error;
        EXPECT_EQ(sha256(received), digest);
        expect_little_memory();
    }
};

TEST_F(Transfer, SixtyFourMebibytesOverHttps) {
    start();
    there_and_back(64 * mib, https("/large"), nginx.root() / "large");
}

TEST_F(Transfer, SixtyFourMebibytesOverFtps) {
    start();
    there_and_back(64 * mib, ftp("/large"), vsftpd.root() / "large");
}

TEST_F(Transfer, FortyTransfersAtOnceStayWithinTheMemory) {
    start();
    const auto file = sample(4 * mib);
    std::filesystem::copy(file, nginx.root() / "file");
    std::filesystem::copy(file, vsftpd.root() / "file");
    std::vector<std::string> arguments = {"--parallel", "--parallel-max", "40", "--fail"};
    for (int i = 0; i < 20; ++i) {
        const auto name = (scratch() / ("received" + std::to_string(i))).string();
        arguments.insert(arguments.end(), {"-o", name + "h", https("/file")});
        arguments.insert(arguments.end(), {"-o", name + "f", ftp("/file")});
    }
    const auto all = curl(arguments, 120s);
    ASSERT_EQ(all.code, 0) << all.error;
    const auto digest = sha256(file);
    for (int i = 0; i < 20; ++i) {
        const auto name = (scratch() / ("received" + std::to_string(i))).string();
        EXPECT_EQ(sha256(name + "h"), digest);
        EXPECT_EQ(sha256(name + "f"), digest);
    }
    expect_little_memory();
}

struct LongWay {
    const char* name;
    const char* alias;
    const char* scheme;
    const char* version;
    bool active;
};

const LongWay long_ways[] = {
    {"https_rsa_tls12", "rsa", "https", "1.2", false},
    {"https_ec_tls13", "ec", "https", "1.3", false},
    {"explicit_passive_rsa_tls13", "rsa", "ftp", "1.3", false},
    {"explicit_active_ec_tls12", "ec", "ftp", "1.2", true},
    {"implicit_passive_ec_tls12", "ec", "ftps", "1.2", false},
    {"implicit_active_rsa_tls13", "rsa", "ftps", "1.3", true},
};

/// GoogleTest prints the parameter with it.
[[maybe_unused]] void PrintTo(const LongWay& way, std::ostream* out) { *out << way.name; }

class LongTransfer : public Transfer, public ::testing::WithParamInterface<LongWay> {
  protected:
    /// With ftplib, since curl 7.88 cannot do active FTPS (curl/curl#10666).
    void there_and_back_active(std::size_t size) {
        const LongWay& way = GetParam();
        const bool implicit = std::string(way.scheme) == "ftps";
        const auto sent = sample(size);
        const auto client = ftplib(
            "active",
            "localhost",
            implicit ? config.ftp.implicit_port : config.ftp.explicit_port,
            {sent.string(), "eprt", way.version, implicit ? "implicit" : "explicit"},
            time_limit
        );
        ASSERT_EQ(client.code, 0) << client.error;
        EXPECT_EQ(sha256(vsftpd.root() / "up.bin"), sha256(sent));
        EXPECT_EQ(client.out, sha256(sent) + "\n");
        expect_little_memory();
    }
};

INSTANTIATE_TEST_SUITE_P(Ways, LongTransfer, ::testing::ValuesIn(long_ways), [](const auto& way) {
    return std::string(way.param.name);
});

TEST_P(LongTransfer, OneGibibyteArrivesUnchanged) {
    const LongWay& way = GetParam();
    config.ftp.alias = way.alias;
    config.http.alias = way.alias;
    start();
    if (way.active) {
        there_and_back_active(1024 * mib);
        return;
    }
    const std::string scheme = way.scheme;
    const bool web = scheme == "https";
    const auto url = web ? https("/large") : scheme == "ftp" ? ftp("/large") : ftps("/large");
    const auto stored = (web ? nginx.root() : vsftpd.root()) / "large";
    const std::string version = way.version;
    there_and_back(1024 * mib, url, stored, {"--tlsv" + version, "--tls-max", version});
}

}  // namespace
}  // namespace hsmfront::test
