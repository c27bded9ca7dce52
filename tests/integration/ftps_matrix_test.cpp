// Every way to move a file over FTPS, with curl before vsftpd: each key, TLS version, address
// family, security mode and data connection command, up and down.
#include "tests/harness/stage.hpp"

#include <algorithm>

namespace hsmfront::test {
namespace {

struct DataMode {
    const char* name;
    std::vector<std::string> options;
};

const DataMode data_modes[] = {
    {"epsv", {}},
    {"pasv", {"--disable-epsv"}},
    {"eprt", {"--ftp-port", "-"}},
    {"port", {"--ftp-port", "-", "--disable-eprt"}},
};

struct Way {
    const char* alias;
    const char* version;
    bool implicit;
    bool ipv6;
    const DataMode* data;
};

/// PASV and PORT carry IPv4 addresses only.
std::vector<Way> all_ways() {
    std::vector<Way> ways;
    for (const char* alias : {"rsa", "ec"}) {
        for (const char* version : {"1.2", "1.3"}) {
            for (const bool implicit : {false, true}) {
                for (const DataMode& mode : data_modes) {
                    ways.push_back({alias, version, implicit, false, &mode});
                }
                ways.push_back({alias, version, implicit, true, &data_modes[0]});
                ways.push_back({alias, version, implicit, true, &data_modes[2]});
            }
        }
    }
    return ways;
}

std::string name_of(const Way& way) {
    const std::string version = way.version;
    return std::string(way.alias) + "_tls" + version.at(0) + version.at(2) +
           (way.implicit ? "_implicit_" : "_explicit_") + way.data->name +
           (way.ipv6 ? "_ipv6" : "_ipv4");
}

/// GoogleTest prints the parameter with it.
[[maybe_unused]] void PrintTo(const Way& way, std::ostream* out) { *out << name_of(way); }

class FtpsWay : public Stage, public ::testing::WithParamInterface<Way> {
  protected:
    FtpsWay() {
        config.http.enabled = false;
        config.ftp.alias = GetParam().alias;
    }

    [[nodiscard]] std::string url(const std::string& path) const {
        const std::string host = GetParam().ipv6 ? "[::1]" : "127.0.0.1";
        return GetParam().implicit ? ftps(path, host) : ftp(path, host);
    }

    [[nodiscard]] Outcome transfer(std::vector<std::string> arguments) const {
        const std::string version = GetParam().version;
        arguments.insert(arguments.end(), {"--tlsv" + version, "--tls-max", version});
        const auto& options = GetParam().data->options;
        arguments.insert(arguments.end(), options.begin(), options.end());
        return curl(arguments);
    }
};

INSTANTIATE_TEST_SUITE_P(All, FtpsWay, ::testing::ValuesIn(all_ways()), [](const auto& way) {
    return name_of(way.param);
});

TEST_P(FtpsWay, UploadAndDownloadArriveUnchanged) {
    start();
    const auto sent = sample(2'000'000);
    const auto up = transfer({"-T", sent.string(), url("/up.bin")});
    ASSERT_EQ(up.code, 0) << up.error;
    EXPECT_EQ(sha256(vsftpd.root() / "up.bin"), sha256(sent));

    const auto received = scratch() / "received";
    const auto down = transfer({"-o", received.string(), url("/up.bin")});
    ASSERT_EQ(down.code, 0) << down.error;
    EXPECT_EQ(sha256(received), sha256(sent));
}

}  // namespace
}  // namespace hsmfront::test
