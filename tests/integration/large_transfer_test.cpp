// Large files arrive unchanged, and the proxy's memory does not grow with them.
#include "tests/harness/stage.hpp"

namespace hsmfront::test {
namespace {

constexpr std::size_t mebibyte = 1024 * 1024;
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
    there_and_back(64 * mebibyte, https("/large"), nginx.root() / "large");
}

TEST_F(Transfer, SixtyFourMebibytesOverFtps) {
    start();
    there_and_back(64 * mebibyte, ftp("/large"), vsftpd.root() / "large");
}

TEST_F(Transfer, FortyTransfersAtOnceStayWithinTheMemory) {
    start();
    const auto file = sample(4 * mebibyte);
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
    std::vector<std::string> options;
};

const LongWay long_ways[] = {
    {"https_rsa_tls12", "rsa", "https", {"--tls-max", "1.2"}},
    {"https_ec_tls13", "ec", "https", {"--tlsv1.3"}},
    {"explicit_passive_rsa_tls13", "rsa", "ftp", {"--tlsv1.3"}},
    {"explicit_active_ec_tls12", "ec", "ftp", {"--tls-max", "1.2", "--ftp-port", "-"}},
    {"implicit_passive_ec_tls13", "ec", "ftps", {"--tlsv1.3"}},
    {"implicit_active_rsa_tls12", "rsa", "ftps", {"--tls-max", "1.2", "--ftp-port", "-"}},
};

/// GoogleTest prints the parameter with it.
[[maybe_unused]] void PrintTo(const LongWay& way, std::ostream* out) { *out << way.name; }

class LongTransfer : public Transfer, public ::testing::WithParamInterface<LongWay> {};

INSTANTIATE_TEST_SUITE_P(Ways, LongTransfer, ::testing::ValuesIn(long_ways), [](const auto& way) {
    return std::string(way.param.name);
});

TEST_P(LongTransfer, OneGibibyteArrivesUnchanged) {
    const LongWay& way = GetParam();
    config.ftp.alias = way.alias;
    config.http.alias = way.alias;
    start();
    const std::string scheme = way.scheme;
    const bool web = scheme == "https";
    const auto url = web ? https("/large") : scheme == "ftp" ? ftp("/large") : ftps("/large");
    const auto stored = (web ? nginx.root() : vsftpd.root()) / "large";
    there_and_back(1024 * mebibyte, url, stored, way.options);
}

}  // namespace
}  // namespace hsmfront::test
