// FTP backends that are told the client by a PROXY header: HAProxy before vsftpd, and a server of
// ours that shows the bytes.
#include "tests/harness/balancer.hpp"
#include "tests/harness/stage.hpp"

#include <gmock/gmock.h>

namespace hsmfront::test {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

class ToldBackend : public Stage {
  protected:
    ToldBackend() { config.http.enabled = false; }

    /// Tells the backend by version `control` and on data connections by `data`.
    void tell(const std::string& control, const std::string& data) {
        config.ftp.backend_options =
            ", proxy_protocol: " + control + ", data_proxy_protocol: " + data;
    }

    [[nodiscard]] Outcome curl_from(const std::string& client, std::vector<std::string> arguments)
        const {
        arguments.insert(arguments.begin(), {"--interface", client, "--fail"});
        return curl(arguments);
    }
};

class ToldByHaproxy : public ToldBackend, public ::testing::WithParamInterface<const char*> {};

INSTANTIATE_TEST_SUITE_P(
    Versions,
    ToldByHaproxy,
    ::testing::Values("v1", "v2"),
    [](const auto& one) { return std::string(one.param); }
);

TEST_P(ToldByHaproxy, HaproxyBeforeVsftpdBelievesTheHeader) {
    config.ftp.backend_port = ports.next();
    const std::string bind = "127.0.0.1:" + std::to_string(config.ftp.backend_port);
    const std::string server = "127.0.0.1:" + std::to_string(vsftpd.port());
    const Balancer haproxy(
        scratch() / "haproxy", ports, "127.0.0.1", {{bind + " accept-proxy", server}}
    );
    tell(GetParam(), "none");
    start();
    write_file(vsftpd.root() / "file", "content");
    const auto got = curl_from("127.0.0.2", {ftp("/file")});
    ASSERT_EQ(got.code, 0) << got.error;
    EXPECT_EQ(got.out, "content");
    const bool two = std::string(GetParam()) == "v2";
    const std::string told = two ? "name=localhost id=[0-9]+" : "name=- id=-";
    EXPECT_TRUE(eventually([&] { return haproxy.log().find("client ") != std::string::npos; }));
    EXPECT_THAT(haproxy.log(), ContainsRegex("client 127.0.0.2 [0-9]+ " + told));
}

class ToldOnData : public ToldBackend {
  protected:
    /// Downloads from a server that shows the headers; returns what it showed.
    [[nodiscard]] std::string headers(const std::string& url, const std::string& address) {
        Command command;
        config.ftp.backend_port = ports.next();
        command.argv = {
            "python3",
            HSMFRONT_SOURCE_DIR "/tests/tools/told_ftpd.py",
            "127.0.0.1",
            std::to_string(config.ftp.backend_port)};
        command.output = scratch() / "told.log";
        const Process server(command);
        EXPECT_TRUE(eventually([&] { return listens(config.ftp.backend_port); }));
        start();
        const auto got = curl_from(address, {url});
        EXPECT_EQ(got.out, "content") << got.error;
        return text_of(command.output);
    }
};

TEST_F(ToldOnData, BothConnectionsBeginWithTheClientsAddress) {
    tell("v1", "v1");
    const std::string shown = headers(ftp("/file"), "127.0.0.2");
    const std::string line = " b'PROXY TCP4 127.0.0.2 127.0.0.1 [0-9]+ " +
                             std::to_string(config.ftp.explicit_port) + "\\\\r\\\\n'";
    EXPECT_THAT(shown, ContainsRegex("control" + line));
    EXPECT_THAT(shown, ContainsRegex("data" + line));
}

TEST_F(ToldOnData, VersionTwoTellsWhatTlsTold) {
    tell("v2", "v2");
    const std::string shown = headers(ftps("/file"), "127.0.0.2");
    const std::string start = " b'\\\\r\\\\n\\\\r\\\\n\\\\x00\\\\r\\\\nQUIT\\\\n!\\\\x11\\\\x00";
    EXPECT_THAT(shown, ContainsRegex("control" + start));
    EXPECT_THAT(shown, ContainsRegex("data" + start));
    EXPECT_THAT(shown, HasSubstr("\\x7f\\x00\\x00\\x02\\x7f\\x00\\x00\\x01"));
    EXPECT_THAT(shown, HasSubstr("localhost"));
    EXPECT_THAT(shown, HasSubstr("TLSv1.3"));
    EXPECT_THAT(shown, HasSubstr("TLS_AES_"));
}

}  // namespace
}  // namespace hsmfront::test
