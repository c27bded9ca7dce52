// A real token in processes of its own, killed and started again under load: what is established
// goes on, what is new is refused at once, and service is back soon after the token.
#include "tests/fault/process_counts.hpp"
#include "tests/harness/stage.hpp"
#include "tests/harness/tls_client.hpp"
#include "tests/harness/token_server.hpp"

#include <gmock/gmock.h>

#include <iostream>
#include <sstream>

namespace hsmfront::test {
namespace {

using Clock = std::chrono::steady_clock;
using ::testing::StartsWith;

milliseconds since(Clock::time_point begin) {
    return std::chrono::duration_cast<milliseconds>(Clock::now() - begin);
}

/// "name=value" lines.
std::map<std::string, std::string> values_of(const std::string& text) {
    std::map<std::string, std::string> values;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (const auto equals = line.find('='); equals != std::string::npos) {
            values[line.substr(0, equals)] = line.substr(equals + 1);
        }
    }
    return values;
}

class Outage : public Stage, public ::testing::WithParamInterface<int> {
  protected:
    Outage() : server(scratch() / "server", token.environment()) {
        config.hsm.module = TokenServer::module;
        config.env = server.environment();
    }

    /// tests/tools/steady.py, with everything of it running.
    void start_steady_clients() {
        write_random(vsftpd.root() / "big.bin", 64'000'000);
        Command command;
        command.argv = {
            "python3",
            HSMFRONT_SOURCE_DIR "/tests/tools/steady.py",
            std::to_string(config.ftp.explicit_port),
            std::to_string(config.http.port),
            Material::get().ca().string(),
            (scratch() / "stop").string()};
        command.output = scratch() / "steady.out";
        command.error = scratch() / "steady.error";
        steady = std::make_unique<Process>(command);
        ASSERT_TRUE(eventually([&] {
            return text_of(scratch() / "steady.out").find("ready") != std::string::npos;
        })) << text_of(scratch() / "steady.error");
    }

    void finish_steady_clients() {
        write_file(scratch() / "stop", "");
        ASSERT_EQ(steady->wait(60s), 0) << text_of(scratch() / "steady.error");
        const auto seen = values_of(text_of(scratch() / "steady.out"));
        EXPECT_EQ(seen.at("upload_sha256"), sha256(vsftpd.root() / "steady.bin"));
        EXPECT_EQ(seen.at("download_sha256"), sha256(vsftpd.root() / "big.bin"));
        EXPECT_LT(std::stoul(seen.at("slow")), 64'000'000U) << "it was over before the outages";
        EXPECT_GT(std::stoi(seen.at("requests1")), 20 * GetParam());
        EXPECT_GT(std::stoi(seen.at("requests2")), 20 * GetParam());
        EXPECT_GT(std::stoi(seen.at("refused1")), 0);
        std::cout << "uploaded " << seen.at("uploaded") << ", requests " << seen.at("requests1")
                  << " + " << seen.at("requests2") << ", handshakes " << seen.at("handshakes1")
                  << " + " << seen.at("handshakes2") << ", refused " << seen.at("refused1") << " + "
                  << seen.at("refused2") << "\n";
    }

    [[nodiscard]] bool full_handshake() const { return TlsClient(config.http.port).connected(); }

    /// A session fit to be resumed while the token is away.
    [[nodiscard]] TlsSession fresh_session() const {
        TlsClient client(config.http.port);
        EXPECT_EQ(client.get("/small"), "small");
        EXPECT_NE(client.session(), nullptr);
        return client.session();
    }

    void expect_away(const TlsSession& session) {
        // The loss shows when the first signature is asked for; what comes later is not even tried.
        for (const char* when : {"at the loss", "after the loss"}) {
            const auto begun = Clock::now();
            EXPECT_FALSE(full_handshake()) << when;
            EXPECT_LT(since(begun), 500ms) << "not refused at once, " << when;
        }
        // Long enough for the waits between attempts to grow.
        const auto away_since = Clock::now();
        do {
            EXPECT_THAT(auth_tls_reply(config.ftp.explicit_port), StartsWith("431"));
            pause_between_polls();
        } while (since(away_since) < 700ms && !HasFailure());
        TlsClient resumed(config.http.port, session);
        EXPECT_EQ(resumed.get("/small"), "small");
        EXPECT_TRUE(resumed.connected() && resumed.resumed());
    }

    /// How long after now both protocols serve new clients again.
    [[nodiscard]] milliseconds time_to_service() {
        const auto begun = Clock::now();
        EXPECT_TRUE(eventually([&] { return full_handshake(); }));
        EXPECT_TRUE(eventually([&] { return curl({ftp("/")}).code == 0; }));
        return since(begun);
    }

    void outage(milliseconds limit) {
        const auto session = fresh_session();
        server.kill();
        expect_away(session);
        server.start();
        const auto took = time_to_service();
        slowest = std::max(slowest, took);
        EXPECT_LT(took, limit);
    }

    TokenServer server;
    std::unique_ptr<Process> steady;
    milliseconds slowest{0};
};

INSTANTIATE_TEST_SUITE_P(Short, Outage, ::testing::Values(3));
INSTANTIATE_TEST_SUITE_P(LongFault, Outage, ::testing::Values(20));

TEST_P(Outage, CostsNoConnectionAndEndsWithTheToken) {
    const milliseconds limit = sanitized ? 10s : 2s;
    start();
    outage(limit);
    const auto before = counts_of(front->process().pid());
    start_steady_clients();
    for (int round = 1; round < GetParam() && !HasFatalFailure(); ++round) {
        outage(limit);
        EXPECT_TRUE(steady->running()) << text_of(scratch() / "steady.error");
    }
    finish_steady_clients();
    ProcessCounts after;
    EXPECT_TRUE(eventually([&] {
        after = counts_of(front->process().pid());
        return after.files == before.files && after.threads == before.threads;
    })) << "before: "
        << to_string(before) << ", after: " << to_string(after);
    EXPECT_EQ(server.connections(), 1U) << "one for each living module";
    std::cout << GetParam() << " outages, slowest return " << slowest.count() << " ms, at the end "
              << to_string(after) << "\n";
}

}  // namespace
}  // namespace hsmfront::test
