// The backends' names cannot be resolved: what continues, and what comes back by itself.
#include "tests/harness/ftps_client.hpp"
#include "tests/harness/good_client.hpp"
#include "tests/harness/own_network.hpp"
#include "tests/harness/stage.hpp"
#include "tests/harness/tls_client.hpp"
#include "tests/unit/net/full_port.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <memory>
#include <vector>

namespace hsmfront::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Clock = std::chrono::steady_clock;

/// The system's resolver is left at its defaults: it gives up after 10 s or more.
constexpr milliseconds far_below_the_resolver = 6s;

/// tests/tools/name_server.py.
class NameServer {
  public:
    explicit NameServer(std::filesystem::path directory) : directory_(std::move(directory)) {
        behave("answer");
    }

    /// From the next question on: "answer", "servfail", "hang".
    void behave(const std::string& mode) const { write_file(directory_ / "mode", mode); }
    void start() {
        Command command;
        command.argv = {
            "python3",
            HSMFRONT_SOURCE_DIR "/tests/tools/name_server.py",
            (directory_ / "mode").string()};
        command.output = directory_ / "names.log";
        process_ = std::make_unique<Process>(command);
        ASSERT_TRUE(eventually([this] {
            return text_of(directory_ / "names.log").find("ready") != std::string::npos;
        })) << text_of(directory_ / "names.log");
    }
    /// Questions are refused from now on.
    void stop() { process_.reset(); }

  private:
    std::filesystem::path directory_;
    std::unique_ptr<Process> process_;
};

/// The network first: the backends are in it.
class NameService : private OwnNetwork, public Stage {
  protected:
    NameService() : names(scratch()) {
        config.ftp.backend_address = "ftp.backend.test";
        config.http.backend_address = "http.backend.test";
        config.ftp.extra = "timeouts: { data_connect: 2s }";
        config.http.extra =
            "resolve: 1s\ntimeouts: { backend_connect: 2s }\n"
            "routes: [{ path: /literal, backend: { address: 127.0.0.1, port: " +
            std::to_string(nginx.port()) + " } }]";
        write_file(nginx.root() / "literal", "literal");
        write_file(vsftpd.root() / "file", "file");
    }
    void SetUp() override {
        if (!missing().empty()) {
            GTEST_SKIP() << missing();
        }
    }

    [[nodiscard]] std::string ftp_file() const {
        return curl({"--user", "ftp:secret", ftp("/file")}).out;
    }
    [[nodiscard]] std::string status_of(const std::string& path) const {
        return curl({"-o", "/dev/null", "-w", "%{http_code}", https(path)}).out;
    }
    /// The reply to the first command behind AUTH TLS, which needs the backend.
    [[nodiscard]] std::string reply_to_user() const {
        FtpsClient client(config.ftp.explicit_port);
        EXPECT_THAT(client.reply(), StartsWith("220"));
        EXPECT_THAT(client.ask("AUTH TLS"), StartsWith("234"));
        return client.secure() ? client.ask("USER ftp") : "no handshake";
    }

    NameServer names;
};

TEST_F(NameService, KnownAddressesAreUsedWhileItFails) {
    ASSERT_NO_FATAL_FAILURE(names.start());
    start();
    TlsClient kept(config.http.port);
    ASSERT_EQ(kept.get("/small"), "small");
    ASSERT_EQ(ftp_file(), "file");
    FtpsClient session(config.ftp.explicit_port);
    ASSERT_THAT(session.reply(), StartsWith("220"));
    ASSERT_THAT(session.ask("AUTH TLS"), StartsWith("234"));
    ASSERT_TRUE(session.secure());
    ASSERT_THAT(session.ask("USER ftp"), StartsWith("331"));
    ASSERT_THAT(session.ask("PASS secret"), StartsWith("230"));
    const GoodClient good(config.http.port);
    for (const std::string mode : {"servfail", "stopped", "hang"}) {
        SCOPED_TRACE(mode);
        const auto count = [&](const std::string& text) { return occurrences(front->log(), text); };
        const std::string lost = "backend http.backend.test: ";
        const std::string kept_addresses = "its last known addresses are kept";
        const std::size_t told = count(kept_addresses);
        const std::size_t again = count("its name resolves again");
        if (mode == "stopped") {
            names.stop();
        } else {
            names.behave(mode);
        }
        ASSERT_TRUE(eventually([&] { return count(kept_addresses) > told; }, 40s));
        const long served = good.served();
        EXPECT_TRUE(eventually([&] { return good.served() > served + 50; }));
        EXPECT_EQ(kept.get("/small"), "small");
        EXPECT_EQ(TlsClient(config.http.port).get("/small"), "small");
        EXPECT_THAT(session.ask("PWD"), StartsWith("257"));
        const auto begun = Clock::now();
        EXPECT_THAT(reply_to_user(), StartsWith("421"));
        EXPECT_LT(Clock::now() - begun, far_below_the_resolver);
        EXPECT_THAT(front->line_with("ftps: backend ftp.backend.test:"), HasSubstr("warn"));
        names.behave("answer");
        if (mode == "stopped") {
            ASSERT_NO_FATAL_FAILURE(names.start());
        }
        EXPECT_TRUE(eventually([&] { return count("its name resolves again") > again; }, 40s));
        EXPECT_TRUE(eventually([&] { return ftp_file() == "file"; }, 30s));
    }
    EXPECT_EQ(good.refused(), 0);
}

TEST_F(NameService, ThatIsAwayAtTheStartKeepsNobodyElseWaiting) {
    names.behave("hang");
    ASSERT_NO_FATAL_FAILURE(names.start());
    start();
    std::vector<std::unique_ptr<FtpsClient>> waiting;
    for (int i = 0; i < 20; ++i) {
        waiting.push_back(std::make_unique<FtpsClient>(config.ftp.explicit_port));
        ASSERT_THAT(waiting.back()->reply(), StartsWith("220"));
        ASSERT_THAT(waiting.back()->ask("AUTH TLS"), StartsWith("234"));
        ASSERT_TRUE(waiting.back()->secure());
        waiting.back()->send("USER ftp");
    }
    const auto begun = Clock::now();
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(TlsClient(config.http.port).get("/literal"), "literal");
    }
    EXPECT_EQ(status_of("/small"), "504");
    for (const auto& client : waiting) {
        EXPECT_THAT(client->reply(), StartsWith("421"));
    }
    EXPECT_LT(Clock::now() - begun, far_below_the_resolver);
    names.behave("answer");
    EXPECT_TRUE(eventually([this] { return status_of("/small") == "200"; }, 40s));
    EXPECT_TRUE(eventually([this] { return ftp_file() == "file"; }, 30s));
}

TEST_F(NameService, ThatDoesNotAnswerDoesNotHoldTheEndUp) {
    names.behave("hang");
    ASSERT_NO_FATAL_FAILURE(names.start());
    config.ftp.extra = "timeouts: { data_connect: 60s }";
    start();
    FtpsClient client(config.ftp.explicit_port);
    ASSERT_THAT(client.reply(), StartsWith("220"));
    ASSERT_THAT(client.ask("AUTH TLS"), StartsWith("234"));
    ASSERT_TRUE(client.secure());
    client.send("USER ftp");
    ASSERT_EQ(TlsClient(config.http.port).get("/literal"), "literal") << "a turn later";
    const auto begun = Clock::now();
    EXPECT_EQ(front->process().stop(20s), 0);
    EXPECT_LT(Clock::now() - begun, far_below_the_resolver) << "shutdown.drain is 2 s";
    EXPECT_EQ(front->error_lines(), 0U);
    front.reset();
}

class SilentBackend : public Stage {};

/// No name, but the same wait: its address does not answer.
TEST_F(SilentBackend, DoesNotHoldTheEndUp) {
    const net::test::FullPort silent;
    config.ftp.backend_port = silent.number();
    start();
    FtpsClient client(config.ftp.explicit_port);
    ASSERT_THAT(client.reply(), StartsWith("220"));
    ASSERT_THAT(client.ask("AUTH TLS"), StartsWith("234"));
    ASSERT_TRUE(client.secure());
    client.send("USER ftp");
    ASSERT_EQ(TlsClient(config.http.port).get("/small"), "small") << "a turn later";
    EXPECT_EQ(front->process().stop(20s), 0) << front->log();
    EXPECT_EQ(front->error_lines(), 0U);
    front.reset();
}

}  // namespace
}  // namespace hsmfront::test
