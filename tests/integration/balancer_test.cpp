// Behind a balancer: HAProxy in front of the real binary, and what is not believed.
#include "tests/harness/balancer.hpp"

#include "tests/harness/stage.hpp"

#include <gmock/gmock.h>

#include <csignal>

namespace hsmfront::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* balancer_address = "127.0.0.9";
constexpr const char* client_address = "127.0.0.2";

/// The proxy listens on 127.0.0.1, HAProxy on the same ports of 127.0.0.9.
class Balanced : public Stage {
  protected:
    Balanced() : origin(scratch() / "origin", ports) {
        config.ftp.address = config.http.address = "127.0.0.1";
        config.http.backend_port = origin.port();
        config.http.extra =
            "redirect: [{ address: 127.0.0.1, port: " + std::to_string(plain) + " }]";
        config.extra = accepting(balancer_address);
    }

    static std::string accepting(const std::string& networks) {
        return "proxy_protocol: { accept_from: [" + networks + "], timeout: 1s }\n";
    }

    /// Starts the proxy, and HAProxy that sends headers by `option` ("send-proxy").
    void start_behind(const std::string& option) {
        start();
        const std::string passive = std::to_string(config.ftp.passive_first) + "-" +
                                    std::to_string(config.ftp.passive_last);
        std::vector<Way> ways = {{at(balancer_address, passive), "127.0.0.1 " + option}};
        for (const std::uint16_t port :
             {config.ftp.explicit_port, config.ftp.implicit_port, config.http.port, plain}) {
            const std::string number = std::to_string(port);
            ways.push_back({at(balancer_address, number), at("127.0.0.1", number) + " " + option});
        }
        balancer = std::make_unique<Balancer>(scratch() / "haproxy", ports, balancer_address, ways);
    }

    static std::string at(const std::string& address, const std::string& port) {
        return address + ":" + port;
    }

    /// curl from 127.0.0.2 through the balancer.
    [[nodiscard]] Outcome through(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), {"--interface", client_address, "--fail"});
        for (const auto port :
             {config.ftp.explicit_port, config.ftp.implicit_port, config.http.port}) {
            const std::string name = "localhost:" + std::to_string(port) + ":" + balancer_address;
            arguments.insert(arguments.begin(), {"--resolve", name});
        }
        return curl(arguments);
    }

    [[nodiscard]] static Outcome relayed(std::vector<std::string> arguments) {
        arguments.insert(
            arguments.begin(), {"python3", HSMFRONT_SOURCE_DIR "/tests/tools/relayed.py"}
        );
        return run(arguments);
    }

    /// What comes back when `bytes` are sent to the proxy itself from `source`.
    [[nodiscard]] std::string answer(
        const std::string& source, std::uint16_t port, const std::string& bytes
    ) const {
        const auto said = relayed({"say", source, "127.0.0.1", std::to_string(port), bytes});
        EXPECT_EQ(said.code, 0) << said.error;
        return said.out.substr(said.out.find('\n') + 1);
    }

    std::uint16_t plain = ports.next();
    Origin origin;
    std::unique_ptr<Balancer> balancer;
};

class BalancedBy : public Balanced, public ::testing::WithParamInterface<const char*> {};

INSTANTIATE_TEST_SUITE_P(
    Headers,
    BalancedBy,
    ::testing::Values("send-proxy", "send-proxy-v2", "send-proxy-v2 proxy-v2-options crc32c"),
    [](const auto& one) {
        const std::string option = one.param;
        return option == "send-proxy" ? "v1" : option == "send-proxy-v2" ? "v2" : "v2_crc32c";
    }
);

TEST_P(BalancedBy, HttpBackendIsToldTheClient) {
    start_behind(GetParam());
    const auto got = through({https("/request")});
    ASSERT_EQ(got.code, 0) << got.error;
    EXPECT_THAT(got.out, HasSubstr("X-Forwarded-For: 127.0.0.2\n"));
    EXPECT_THAT(got.out, HasSubstr("X-Forwarded-Port: " + std::to_string(config.http.port)));
    EXPECT_TRUE(front->logged(" via=127.0.0.9:"));
    EXPECT_THAT(
        front->line_with(" https client=127.0.0.2:"),
        HasSubstr("listener=127.0.0.9:" + std::to_string(config.http.port))
    );
}

TEST_P(BalancedBy, FilesGoBothWaysOverFtps) {
    config.http.enabled = false;
    start_behind(GetParam());
    const auto file = sample(300'000);
    for (const auto& url : {ftp("/up.bin"), ftps("/up.bin")}) {
        for (const char* way : {"--ftp-pasv", "--disable-epsv"}) {
            const auto up = through({way, "--no-ftp-skip-pasv-ip", "-T", file.string(), url});
            ASSERT_EQ(up.code, 0) << up.error;
            const auto back = scratch() / "back";
            const auto down = through(
                {way, "--no-ftp-skip-pasv-ip", "-o", back.string(), url, "-Q", "-DELE up.bin"}
            );
            ASSERT_EQ(down.code, 0) << down.error;
            EXPECT_EQ(sha256(back), sha256(file)) << url << " " << way;
        }
    }
    EXPECT_TRUE(front->logged(" ftps client=127.0.0.2:"));
}

TEST_P(BalancedBy, RedirectPortReadsTheHeaderToo) {
    start_behind(GetParam());
    const auto got = relayed(
        {"say",
         client_address,
         balancer_address,
         std::to_string(plain),
         "GET / HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n"}
    );
    EXPECT_THAT(got.out, HasSubstr("b'HTTP/1.1 308"));
    EXPECT_TRUE(front->logged("http redirect client=127.0.0.2:"));
}

TEST_P(BalancedBy, OnlyTheClientThroughTheBalancerGetsTheData) {
    config.http.enabled = false;
    start_behind(GetParam());
    write_file(vsftpd.root() / "file", "content");
    const auto got = relayed(
        {"steal",
         balancer_address,
         "127.0.0.1",
         std::to_string(config.ftp.explicit_port),
         Material::get().ca().string(),
         client_address,
         "127.0.0.3"}
    );
    ASSERT_EQ(got.code, 0) << got.error << got.out;
    std::istringstream lines(got.out);
    std::string line;
    std::getline(lines, line);
    EXPECT_EQ(line, "advertised 127.0.0.9");
    for (int i = 0; i < 4; ++i) {
        std::getline(lines, line);
        EXPECT_THAT(line, HasSubstr(" b'' ")) << "some bytes were stolen";
    }
    std::getline(lines, line);
    EXPECT_EQ(line, "127.0.0.2 127.0.0.9 b'content' closed");
    std::getline(lines, line);
    EXPECT_THAT(line, StartsWith("226"));
    EXPECT_THAT(front->log(), HasSubstr("it is of 127.0.0.3:"));
    EXPECT_THAT(front->log(), HasSubstr("from 127.0.0.3:"));
    EXPECT_THAT(front->log(), HasSubstr("refused: it does not come through a balancer"));
}

TEST_F(Balanced, ActiveDataConnectionsGoToTheClient) {
    config.http.enabled = false;
    start_behind("send-proxy-v2");
    write_file(vsftpd.root() / "file", "content");
    const auto got = relayed(
        {"active",
         balancer_address,
         std::to_string(config.ftp.explicit_port),
         Material::get().ca().string(),
         client_address}
    );
    EXPECT_EQ(got.out, "b'content'\n") << got.error;
}

TEST_F(Balanced, MissingHeaderIsRefusedOnEveryListener) {
    start();
    for (const auto port :
         {config.ftp.explicit_port, config.ftp.implicit_port, config.http.port, plain}) {
        EXPECT_EQ(answer(balancer_address, port, ""), "b'' reset\n");
        EXPECT_EQ(answer(balancer_address, port, "\\x16\\x03\\x01"), "b'' reset\n");
    }
    EXPECT_THAT(front->log(), HasSubstr("refused: no PROXY header from 127.0.0.9: timed out"));
    EXPECT_THAT(front->log(), HasSubstr("refused: no PROXY header from 127.0.0.9: no PROXY sign"));
}

TEST_F(Balanced, GarbledHeaderIsRefusedAndNamed) {
    start();
    const auto port = config.ftp.explicit_port;
    EXPECT_EQ(answer(balancer_address, port, "PROXY TCP4 1.2.3.4 5.6.7.8 1\\r\\n"), "b'' reset\n");
    EXPECT_TRUE(front->logged("no PROXY header from 127.0.0.9: PROXY line with wrong fields"));
    EXPECT_EQ(answer(balancer_address, port, "PROXY TCP4 1.2.3.4 5.6.7.8 1 2"), "b'' reset\n");
    EXPECT_TRUE(front->logged("no PROXY header from 127.0.0.9: timed out"));
    const std::string local = "\\r\\n\\r\\n\\0\\r\\nQUIT\\n\\x20\\0\\0\\0";
    EXPECT_THAT(answer(balancer_address, port, local + "QUIT\\r\\n"), HasSubstr("220 "))
        << "a health check of the balancer is served";
    EXPECT_TRUE(front->logged(" ftps client=127.0.0.9:"));
}

TEST_F(Balanced, HeadersOfOthersAreNotBelieved) {
    start();
    const std::string header = "PROXY TCP4 192.0.2.77 192.0.2.78 1 2\\r\\n";
    EXPECT_THAT(
        answer("127.0.0.5", config.ftp.explicit_port, header + "QUIT\\r\\n"), StartsWith("b'220 ")
    );
    EXPECT_THAT(answer("127.0.0.5", config.http.port, header), Not(HasSubstr("HTTP")));
    EXPECT_TRUE(front->logged(" ftps client=127.0.0.5:"));
    EXPECT_THAT(front->log(), Not(HasSubstr("192.0.2.7")));
}

TEST_F(Balanced, LimitsCountTheClientsOfTheBalancer) {
    config.extra += "limits: { handshakes_per_address: 1/h }\n";
    start();
    const auto greeting = [this](const std::string& client) {
        const std::string header = "PROXY TCP4 " + client + " 192.0.2.78 1 2\\r\\nQUIT\\r\\n";
        return answer(balancer_address, config.ftp.explicit_port, header);
    };
    EXPECT_THAT(greeting("192.0.2.1"), HasSubstr("220 "));
    EXPECT_THAT(greeting("192.0.2.2"), HasSubstr("220 "));
    EXPECT_EQ(greeting("192.0.2.1"), "b'' reset\n");
}

TEST_F(Balanced, DrainDoesNotWaitForAHeader) {
    config.extra = "proxy_protocol: { accept_from: [127.0.0.9], timeout: 1m }\n";
    config.drain = "30s";
    start();
    Command command;
    command.argv = {
        "python3",
        HSMFRONT_SOURCE_DIR "/tests/tools/relayed.py",
        "say",
        balancer_address,
        "127.0.0.1",
        std::to_string(config.http.port),
        "PROXY "};
    command.output = scratch() / "said";
    Process silent(command);
    ASSERT_TRUE(eventually([&] { return text_of(command.output) == "sent\n"; }));
    front->process().signal(SIGTERM);
    EXPECT_EQ(front->process().wait(10s), 0);
    EXPECT_EQ(silent.wait(10s), 0);
}

TEST_F(Balanced, ReloadChangesWhoIsBelieved) {
    config.extra = "";
    start();
    const auto port = config.ftp.explicit_port;
    EXPECT_THAT(answer(balancer_address, port, "QUIT\\r\\n"), StartsWith("b'220 "));
    config.extra = accepting("127.0.0.0/8");
    write_file(scratch() / "hsmfront.yaml", config.yaml());
    front->process().signal(SIGHUP);
    ASSERT_TRUE(front->logged("reloaded:"));
    EXPECT_EQ(answer(balancer_address, port, "QUIT\\r\\n"), "b'' reset\n");
}

}  // namespace
}  // namespace hsmfront::test
