// Two processes that share ticket keys are one to their clients; two that do not are not.
#include "tests/harness/stage.hpp"
#include "tests/harness/tls_client.hpp"

#include <gmock/gmock.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>
#include <atomic>
#include <csignal>
#include <sys/stat.h>
#include <thread>

namespace hsmfront::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::array versions = {TLS1_2_VERSION, TLS1_3_VERSION};

std::string new_key() {
    std::string key(80, '\0');
    EXPECT_EQ(RAND_bytes(reinterpret_cast<unsigned char*>(key.data()), 80), 1);
    return key;
}

std::string base64(const std::string& bytes) {
    std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
    const int size = EVP_EncodeBlock(
        reinterpret_cast<unsigned char*>(text.data()),
        reinterpret_cast<const unsigned char*>(bytes.data()),
        static_cast<int>(bytes.size())
    );
    text.resize(static_cast<std::size_t>(size));
    return text;
}

std::string hexadecimal(const std::string& bytes) {
    std::string text;
    for (const char c : bytes) {
        constexpr const char* digits = "0123456789abcdef";
        text += digits[static_cast<unsigned char>(c) >> 4U];
        text += digits[static_cast<unsigned char>(c) & 15U];
    }
    return text;
}

std::size_t count_of(const std::string& text, const std::string& wanted) {
    std::size_t count = 0;
    for (auto at = text.find(wanted); at != text.npos; at = text.find(wanted, at + 1)) {
        ++count;
    }
    return count;
}

/// Before nginx, with the key in the token of both.
class SharedTickets : public Stage {
  protected:
    SharedTickets() {
        config.ftp.enabled = false;
        std::filesystem::create_directory(keys());
        std::filesystem::create_directory(scratch() / "second");
        write_file(nginx.root() / "page", "page");
    }
    void TearDown() override {
        if (second && second->process().running()) {
            EXPECT_EQ(second->process().stop(30s), 0);
        }
        Stage::TearDown();
        for (Front* one : {front.get(), second.get()}) {
            expect_no_keys_in(one == nullptr ? "" : one->log());
        }
        if (HasFailure() && second) {
            std::cout << "--- second\n" << second->log() << std::flush;
        }
    }
    /// `tickets`: YAML of tls.tickets.
    void start_both(const std::string& tickets) {
        config.extra = "tls: { tickets: " + tickets + " }\nlog: { level: trace }\n";
        start();
        FrontConfig other = config;
        other.http.port = other_port;
        second = std::make_unique<Front>(other, scratch() / "second");
        ASSERT_TRUE(second->up("http"));
    }

    [[nodiscard]] std::filesystem::path keys() const { return scratch() / "keys"; }
    void write_key(const std::string& name, const std::string& content) {
        write_file(keys() / name, content);
        ::chmod((keys() / name).c_str(), 0600);
    }
    /// A key that must not show up anywhere.
    std::string secret_key() {
        secrets_.push_back(new_key());
        return secrets_.back();
    }
    /// Waits until both have read keys again so often.
    void expect_read(std::size_t times) {
        for (Front* one : {front.get(), second.get()}) {
            EXPECT_TRUE(eventually([&] {
                return count_of(one->log(), "tls.tickets.keys: read again") >= times;
            }));
        }
    }
    /// A new session at the first.
    [[nodiscard]] TlsSession begin(int version) const {
        TlsClient client(config.http.port, nullptr, {version});
        EXPECT_EQ(client.get("/page"), "page");
        return client.session();
    }
    /// Whether `session` resumes there; the handshake succeeds in any case. `next`: what follows
    /// it.
    bool resumes(
        std::uint16_t port, const TlsSession& session, int version, TlsSession* next = nullptr
    ) const {
        if (session == nullptr) {
            ADD_FAILURE() << "no session to resume";
            return false;
        }
        TlsClient client(
            port, TlsSession(SSL_SESSION_dup(session.get()), SSL_SESSION_free), {version}
        );
        EXPECT_TRUE(client.connected());
        EXPECT_EQ(client.get("/page"), "page");
        if (next != nullptr) {
            *next = client.session();
        }
        return client.resumed();
    }

    std::uint16_t other_port = ports.next();
    std::unique_ptr<Front> second;

  private:
    void expect_no_keys_in(const std::string& log) const {
        for (const auto& key : secrets_) {
            for (const std::string& part : {key.substr(16, 32), key.substr(48)}) {
                EXPECT_THAT(log, Not(HasSubstr(part.substr(0, 8))));
                EXPECT_THAT(log, Not(HasSubstr(hexadecimal(part).substr(0, 12))));
            }
            EXPECT_THAT(log, Not(HasSubstr(base64(key).substr(24, 12))));
        }
    }

    std::vector<std::string> secrets_;
};

TEST_F(SharedTickets, WithoutCommonKeysEachResumesItsOwnOnly) {
    start_both("{ lifetime: 1h }");
    for (const int version : versions) {
        const TlsSession session = begin(version);
        EXPECT_TRUE(resumes(config.http.port, session, version));
        EXPECT_FALSE(resumes(other_port, session, version));
    }
}

TEST_F(SharedTickets, AFolderOfKeysIsFollowed) {
    write_key("1.key", secret_key());
    start_both("{ keys: " + keys().string() + " }");
    std::array<TlsSession, 2> old;
    std::array<TlsSession, 2> fresh;
    for (std::size_t i = 0; i < versions.size(); ++i) {
        old[i] = begin(versions[i]);
        EXPECT_TRUE(resumes(other_port, old[i], versions[i]));
    }
    write_key("2.key", secret_key());
    ASSERT_NO_FATAL_FAILURE(expect_read(1));
    for (std::size_t i = 0; i < versions.size(); ++i) {
        EXPECT_TRUE(resumes(other_port, old[i], versions[i], &fresh[i])) << "old keys decrypt";
    }
    std::filesystem::remove(keys() / "1.key");
    ASSERT_NO_FATAL_FAILURE(expect_read(2));
    for (std::size_t i = 0; i < versions.size(); ++i) {
        EXPECT_FALSE(resumes(config.http.port, old[i], versions[i])) << "its key is gone";
        EXPECT_TRUE(resumes(config.http.port, fresh[i], versions[i])) << "the new key encrypts";
    }
    write_key("3.key", "bad");
    EXPECT_TRUE(front->logged("3.key:1: not a ticket key"));
    EXPECT_TRUE(resumes(config.http.port, fresh[0], versions[0])) << "the keys of before";
}

/// Clients that go from one process to the other, on one version each.
class RoamingClients {
  public:
    RoamingClients(std::uint16_t first, std::uint16_t second) : ports_{first, second} {
        for (std::size_t i = 0; i < versions.size(); ++i) {
            threads_.emplace_back([this, i] { roam(i); });
        }
    }
    ~RoamingClients() { stop(); }
    RoamingClients(const RoamingClients&) = delete;
    RoamingClients& operator=(const RoamingClients&) = delete;

    void stop() {
        stop_ = true;
        for (auto& thread : threads_) {
            if (thread.joinable()) {
                thread.join();
            }
        }
    }
    /// Waits until each has done so many handshakes more.
    [[nodiscard]] bool go_on(int more) const {
        const std::array<int, 2> now{done_[0], done_[1]};
        return eventually([&] { return done_[0] >= now[0] + more && done_[1] >= now[1] + more; });
    }
    [[nodiscard]] int failed() const { return failed_; }
    /// Full handshakes but for the first of each.
    [[nodiscard]] int full() const { return full_; }
    [[nodiscard]] int done() const { return done_[0] + done_[1]; }

  private:
    void roam(std::size_t which) {
        TlsSession session;
        for (std::size_t turn = 0; !stop_; ++turn) {
            TlsClient client(ports_.at(turn % 2), session, {versions.at(which)});
            failed_ += client.get("/page") == "page" ? 0 : 1;
            full_ += session && !client.resumed() ? 1 : 0;
            session = client.session();
            ++done_.at(which);
            pause_between_polls();
        }
    }

    std::array<std::uint16_t, 2> ports_;
    std::atomic<bool> stop_ = false;
    std::array<std::atomic<int>, 2> done_{};
    std::atomic<int> failed_ = 0;
    std::atomic<int> full_ = 0;
    std::vector<std::thread> threads_;
};

/// As it is done with HAProxy: a key is appended, and encrypts when the next one is.
TEST_F(SharedTickets, ARotationUnderLoadCostsNoFullHandshake) {
    std::vector<std::string> lines;
    const auto write = [&] {
        std::string text;
        for (const auto& line : lines) {
            text += line + "\n";
        }
        write_key("list", text);
    };
    lines = {base64(secret_key()), base64(secret_key())};
    write();
    start_both("{ keys: [" + (keys() / "list").string() + "] }");
    RoamingClients clients(config.http.port, other_port);
    ASSERT_TRUE(clients.go_on(10));
    std::size_t reads = 0;
    for (int i = 0; i < 2; ++i) {
        lines.push_back(base64(secret_key()));
        write();
        ASSERT_NO_FATAL_FAILURE(expect_read(++reads));
        ASSERT_TRUE(clients.go_on(10));
        lines.erase(lines.begin());
        write();
        ASSERT_NO_FATAL_FAILURE(expect_read(++reads));
        ASSERT_TRUE(clients.go_on(10));
    }
    clients.stop();
    EXPECT_EQ(clients.failed(), 0);
    EXPECT_EQ(clients.full(), 0) << "of " << clients.done();
}

/// One key replaces the other at once, here and there at different moments: not every session
/// resumes, every handshake succeeds.
TEST_F(SharedTickets, AKeyReplacedUnderLoadFailsNoHandshake) {
    write_key("key", secret_key());
    start_both("{ keys: [" + (keys() / "key").string() + "] }");
    RoamingClients clients(config.http.port, other_port);
    ASSERT_TRUE(clients.go_on(10));
    write_key("key", secret_key());
    ASSERT_NO_FATAL_FAILURE(expect_read(1));
    ASSERT_TRUE(clients.go_on(10));
    clients.stop();
    EXPECT_EQ(clients.failed(), 0);
    EXPECT_GE(clients.full(), 1) << "the old key was used after it was gone";
}

TEST_F(SharedTickets, AReloadKeepsSessionsAndAFailedOneTheKeys) {
    write_key("key", secret_key());
    start_both("{ lifetime: 1h }");
    const auto reload = [&](const std::string& extra, const std::string& answer) {
        FrontConfig next = config;
        next.extra = extra;
        write_file(scratch() / "hsmfront.yaml", next.yaml());
        front->process().signal(SIGHUP);
        EXPECT_TRUE(front->logged(answer)) << answer;
    };
    std::array<TlsSession, 2> random;
    for (std::size_t i = 0; i < versions.size(); ++i) {
        random[i] = begin(versions[i]);
    }
    reload("tls: { tickets: { keys: /no/such/key } }\n", "reload failed, nothing was changed: tls");
    reload("tls: { tickets: { keys: " + (keys() / "key").string() + " } }\n", "reloaded: http");
    for (std::size_t i = 0; i < versions.size(); ++i) {
        EXPECT_TRUE(resumes(config.http.port, random[i], versions[i])) << "of random keys";
        EXPECT_FALSE(resumes(other_port, begin(versions[i]), versions[i]));
    }
}

class SessionIds : public SharedTickets {
  protected:
    [[nodiscard]] TlsClient connect(const TlsSession& session) const {
        return TlsClient(config.http.port, session, {TLS1_2_VERSION, SSL_OP_NO_TICKET});
    }
};

TEST_F(SessionIds, ACacheResumesClientsWithoutTickets) {
    config.extra = "tls: { session_cache: 1MiB }\n";
    start();
    TlsClient first = connect(nullptr);
    EXPECT_EQ(first.get("/page"), "page");
    for (int i = 0; i < 2; ++i) {
        TlsClient again = connect(first.session());
        EXPECT_EQ(again.get("/page"), "page");
        EXPECT_TRUE(again.resumed());
        front->process().signal(SIGHUP);
        ASSERT_TRUE(front->logged("reloaded: http"));
    }
}

TEST_F(SessionIds, WithoutACacheThereAreNone) {
    start();
    TlsClient first = connect(nullptr);
    EXPECT_EQ(first.get("/page"), "page");
    TlsClient again = connect(first.session());
    EXPECT_EQ(again.get("/page"), "page");
    EXPECT_FALSE(again.resumed());
}

}  // namespace
}  // namespace hsmfront::test
