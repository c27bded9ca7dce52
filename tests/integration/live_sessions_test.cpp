// What is told of sessions while they are open, on the status page's data and in the terminal.
#include "tests/harness/stage.hpp"
#include "tests/harness/tls_client.hpp"

#include <gmock/gmock.h>

#include <csignal>

namespace hsmfront::test {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

class LiveSessions : public Stage {
  protected:
    LiveSessions() {
        config.extra += "admin: { socket: " + (scratch() / "admin.sock").string() +
                        ", listen: \"127.0.0.1:" + std::to_string(port) + "\" }\nworkers: 2\n";
    }

    [[nodiscard]] std::string json() const {
        return run({"curl", "-sS", "http://127.0.0.1:" + std::to_string(port) + "/status.json"},
                   30s)
            .out;
    }
    /// The listed session in which `part` stands, once there is one.
    [[nodiscard]] std::string session_with(const std::string& part) const {
        std::string found;
        EXPECT_TRUE(eventually([&] {
            const std::string all = json();
            const auto begin = all.find("\"sessions\":{\"total\"");
            const auto at = begin == all.npos ? all.npos : all.find(part, begin);
            if (at == all.npos) {
                return false;
            }
            const auto first = all.rfind('{', at);
            found = all.substr(first, all.find('}', at) - first);
            return true;
        })) << part;
        return found;
    }
    [[nodiscard]] static std::uint64_t number(const std::string& session, const std::string& name) {
        const auto at = session.find("\"" + name + "\":");
        return at == session.npos ? 0 : std::stoull(session.substr(at + name.size() + 3));
    }
    /// Of the session in which `part` stands.
    void expect_growing(const std::string& part, const std::string& name) {
        const auto before = number(session_with(part), name);
        EXPECT_TRUE(eventually([&] { return number(session_with(part), name) > before; })) << part;
    }

    const std::uint16_t port = ports.next();
};

TEST_F(LiveSessions, AreListedWhileTheyMoveBytes) {
    start();
    write_random(nginx.root() / "large", 20'000'000);
    const auto file = sample(20'000'000);
    const auto upload = slow_curl("200k", {"-T", file.string(), ftp("/private-name", "127.0.0.1")});
    const auto download =
        slow_curl("200k", {"--http1.1", "-o", "/dev/null", https("/large", "127.0.0.1")});
    const auto second =
        slow_curl("200k", {"--http2", "-o", "/dev/null", https("/large", "127.0.0.1")});

    const auto ftp_backend = std::to_string(config.ftp.backend_port);
    EXPECT_THAT(
        session_with("\"doing\":\"STOR\""),
        AllOf(
            HasSubstr("\"protocol\":\"FTPS explicit\""),
            HasSubstr("\"user\":\"ftp\""),
            HasSubstr("\"client\":\"127.0.0.1:"),
            HasSubstr("\"via\":\"\""),
            HasSubstr(":" + ftp_backend + "\"")
        )
    );
    expect_growing("\"doing\":\"STOR\"", "received");
    expect_growing("HTTP/1.1", "sent");
    expect_growing("HTTP/2", "sent");
    EXPECT_THAT(
        session_with("HTTP/1.1"),
        AllOf(
            HasSubstr("\"doing\":\"request\""),
            HasSubstr("\"backend\":\"127.0.0.1:" + std::to_string(config.http.backend_port) + "\"")
        )
    );
    EXPECT_THAT(session_with("HTTP/2"), HasSubstr("\"doing\":\"request\""));
    EXPECT_THAT(json(), HasSubstr("\"sessions\":{\"total\":3,\"silent_workers\":0,"));
    // What is moved is not told, nor is a password.
    EXPECT_THAT(json(), Not(AnyOf(HasSubstr("private-name"), HasSubstr("secret"))));

    const auto shown =
        run({program(), "status", "--sessions", "-c", (scratch() / "hsmfront.yaml").string()}, 30s);
    EXPECT_EQ(shown.code, 0) << shown.error;
    EXPECT_THAT(
        shown.out,
        AllOf(
            HasSubstr("sessions: 3\n"), HasSubstr("STOR"), HasSubstr("HTTP/2"), HasSubstr(" ftp ")
        )
    );
    for (const auto* one : {&upload, &download, &second}) {
        (*one)->signal(SIGKILL);
    }
    EXPECT_TRUE(eventually([&] {
        return json().find("\"sessions\":{\"total\":0,") != std::string::npos;
    }));
}

TEST_F(LiveSessions, IdleOnesSayWhatTheyDid) {
    start();
    TlsClient client(config.http.port);
    EXPECT_EQ(client.get("/small"), "small");
    EXPECT_THAT(
        session_with("HTTP/1.1"), AllOf(HasSubstr("\"doing\":\"\""), HasSubstr("\"units\":1"))
    );
}

TEST_F(LiveSessions, NameTheBalancer) {
    config.extra += "proxy_protocol: { accept_from: [127.0.0.1] }\n";
    config.ftp.enabled = false;
    start();
    write_random(nginx.root() / "large", 20'000'000);
    const auto download =
        slow_curl("200k", {"--haproxy-protocol", "-o", "/dev/null", https("/large", "127.0.0.1")});
    EXPECT_THAT(
        session_with("HTTP/2"),
        AllOf(HasSubstr("\"client\":\"127.0.0.1:"), HasSubstr("\"via\":\"127.0.0.1:"))
    );
}

}  // namespace
}  // namespace hsmfront::test
