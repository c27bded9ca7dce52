// Every way to move a file over FTPS before vsftpd: each key, TLS version, address family, security
// mode and data connection command, up and down. Passive with curl; active with Python's ftplib,
// since curl 7.88 sends clear text on active data connections (curl/curl#10666).
#include "tests/harness/stage.hpp"

namespace hsmfront::test {
namespace {

struct Way {
    std::string alias;
    std::string version;
    bool implicit = false;
    bool ipv6 = false;
    std::string command;
};

/// PASV and PORT carry IPv4 addresses only.
std::vector<Way> all_ways() {
    std::vector<Way> ways;
    for (const char* alias : {"rsa", "ec"}) {
        for (const char* version : {"1.2", "1.3"}) {
            for (const bool implicit : {false, true}) {
                for (const char* command : {"epsv", "pasv", "eprt", "port"}) {
                    ways.push_back({alias, version, implicit, false, command});
                }
                for (const char* command : {"epsv", "eprt"}) {
                    ways.push_back({alias, version, implicit, true, command});
                }
            }
        }
    }
    return ways;
}

std::string name_of(const Way& way) {
    return way.alias + "_tls" + way.version.at(0) + way.version.at(2) +
           (way.implicit ? "_implicit_" : "_explicit_") + way.command +
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

    void passive(const std::filesystem::path& sent) const {
        const std::string host = GetParam().ipv6 ? "[::1]" : "127.0.0.1";
        const auto url = GetParam().implicit ? ftps("/up.bin", host) : ftp("/up.bin", host);
        std::vector<std::string> options = {
            "--tlsv" + GetParam().version, "--tls-max", GetParam().version, url};
        if (GetParam().command == "pasv") {
            options.emplace_back("--disable-epsv");
        }
        auto arguments = options;
        arguments.insert(arguments.end(), {"-T", sent.string()});
        const auto up = curl(arguments);
        ASSERT_EQ(up.code, 0) << up.error;
        EXPECT_EQ(sha256(vsftpd.root() / "up.bin"), sha256(sent));

        const auto received = scratch() / "received";
        arguments = options;
        arguments.insert(arguments.end(), {"-o", received.string()});
        const auto down = curl(arguments);
        ASSERT_EQ(down.code, 0) << down.error;
        EXPECT_EQ(sha256(received), sha256(sent));
    }

    void active(const std::filesystem::path& sent) const {
        const Way& way = GetParam();
        const auto port = way.implicit ? config.ftp.implicit_port : config.ftp.explicit_port;
        const auto client = ftplib(
            "active",
            way.ipv6 ? "::1" : "127.0.0.1",
            port,
            {sent.string(), way.command, way.version, way.implicit ? "implicit" : "explicit"}
        );
        ASSERT_EQ(client.code, 0) << client.error;
        EXPECT_EQ(sha256(vsftpd.root() / "up.bin"), sha256(sent));
        EXPECT_EQ(client.out, sha256(sent) + "\n");
    }
};

INSTANTIATE_TEST_SUITE_P(All, FtpsWay, ::testing::ValuesIn(all_ways()), [](const auto& way) {
    return name_of(way.param);
});

TEST_P(FtpsWay, UploadAndDownloadArriveUnchanged) {
    start();
    const auto sent = sample(2'000'000);
    if (GetParam().command == "epsv" || GetParam().command == "pasv") {
        passive(sent);
    } else {
        active(sent);
    }
}

}  // namespace
}  // namespace hsmfront::test
