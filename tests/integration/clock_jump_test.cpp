// The time of day jumps while the service runs: what is dated follows, nothing else notices.
#include "tests/harness/good_client.hpp"
#include "tests/harness/stage.hpp"
#include "tests/harness/tls_client.hpp"

#include <gmock/gmock.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace hsmfront::test {
namespace {

using ::testing::ContainsRegex;

constexpr std::int64_t day = 86'400;
constexpr std::int64_t three_years = 1095 * day;

/// The service manager's side: proofs of life.
class Watchdog {
  public:
    explicit Watchdog(const std::filesystem::path& path)
        : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
        EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        const timeval limit{20, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    }
    ~Watchdog() { ::close(socket_); }
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;

    /// A proof made after the call comes within 20 s.
    [[nodiscard]] bool proven() const {
        std::array<char, 4096> text{};
        while (::recv(socket_, text.data(), text.size(), MSG_DONTWAIT) > 0) {
        }
        const ssize_t size = ::recv(socket_, text.data(), text.size(), 0);
        return size > 0 && std::string(text.data(), static_cast<std::size_t>(size)) == "WATCHDOG=1";
    }

  private:
    int socket_;
};

class ClockJump : public Stage {
  protected:
    void SetUp() override {
        if (sanitized) {
            GTEST_SKIP() << "a sanitizer's runtime must be loaded before all else";
        }
        const auto file = scratch() / "offset";
        write_file(file, std::string(sizeof(std::int64_t), '\0'));
        const int fd = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
        void* shared =
            ::mmap(nullptr, sizeof(std::int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        ::close(fd);
        ASSERT_NE(shared, MAP_FAILED);
        ahead_ = static_cast<std::int64_t*>(shared);
        watchdog_ = std::make_unique<Watchdog>(scratch() / "notify");
        config.env["NOTIFY_SOCKET"] = (scratch() / "notify").string();
        config.env["WATCHDOG_USEC"] = "400000";
        config.env["LD_PRELOAD"] = FAST_CLOCK;
        config.env["FAST_CLOCK_OFFSET"] = file;
        config.http.extra = "timeouts: { idle: 90s }";
        config.extra = "admin: { socket: " + (scratch() / "admin.sock").string() +
                       " }\nlog: { access: { file: " + access().string() + ", format: json } }\n";
        write_file(vsftpd.root() / "file", "file");
        start();
    }
    void TearDown() override {
        Stage::TearDown();
        if (ahead_ != nullptr) {
            ::munmap(ahead_, sizeof(std::int64_t));
        }
    }

    /// Sets the service's clock to `seconds` from the true time.
    void set_clock(std::int64_t seconds) const {
        *static_cast<volatile std::int64_t*>(ahead_) = seconds;
    }

    [[nodiscard]] std::filesystem::path access() const { return scratch() / "access.log"; }
    /// The year and month of the access log's last line.
    [[nodiscard]] std::string logged_month() const {
        const std::string text = text_of(access());
        const auto at = text.rfind("\"time\":\"");
        return at == std::string::npos ? "" : text.substr(at + 8, 7);
    }
    [[nodiscard]] static std::string month(std::int64_t seconds_ahead) {
        const std::time_t then = std::time(nullptr) + seconds_ahead;
        std::tm local{};
        ::localtime_r(&then, &local);
        std::array<char, 8> text{};
        std::strftime(text.data(), text.size(), "%Y-%m", &local);
        return text.data();
    }

    [[nodiscard]] Outcome status() const {
        return run({program(), "status", "-c", (scratch() / "hsmfront.yaml").string()});
    }

    /// Whatever the time is, this holds.
    void expect_service(TlsClient& established) {
        EXPECT_EQ(established.get("/small"), "small");
        EXPECT_EQ(TlsClient(config.http.port).get("/small"), "small");
        EXPECT_EQ(curl({"--user", "ftp:secret", ftp("/file")}).out, "file");
        for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
            TlsClient first(config.http.port, nullptr, {version});
            EXPECT_EQ(first.get("/small"), "small");
            TlsClient again(config.http.port, first.session(), {version});
            EXPECT_EQ(again.get("/small"), "small");
            EXPECT_TRUE(again.resumed()) << "a session of now, " << version;
        }
        EXPECT_TRUE(watchdog_->proven());
        const auto shown = status();
        EXPECT_EQ(shown.code, 0) << shown.out << shown.error;
    }

  private:
    std::int64_t* ahead_ = nullptr;
    std::unique_ptr<Watchdog> watchdog_;
};

TEST_F(ClockJump, DisturbsNothingThatRuns) {
    const auto file = sample(8'000'000);
    std::filesystem::copy_file(file, vsftpd.root() / "large");
    const auto transfer = slow_curl("500k", {"-o", (scratch() / "copy").string(), ftp("/large")});
    ASSERT_TRUE(eventually([this] { return size_of(scratch() / "copy") != 0; }));
    TlsClient established(config.http.port);
    ASSERT_EQ(established.get("/small"), "small");
    const GoodClient good(config.http.port);
    for (const std::int64_t jump : {three_years, std::int64_t{0}, -day, three_years, -day}) {
        SCOPED_TRACE(jump);
        set_clock(jump);
        expect_service(established);
        EXPECT_TRUE(eventually([&] { return logged_month() == month(jump); })) << logged_month();
        const long before = good.served();
        EXPECT_TRUE(eventually([&] { return good.served() > before + 20; }));
    }
    EXPECT_EQ(good.refused(), 0);
    EXPECT_TRUE(transfer->running()) << "it was not there while the clock jumped";
    EXPECT_EQ(transfer->wait(60s), 0);
    EXPECT_EQ(sha256(scratch() / "copy"), sha256(file));
}

TEST_F(ClockJump, ForwardsTellsOfCertificatesAndEndsTickets) {
    TlsClient before(config.http.port, nullptr, {TLS1_3_VERSION});
    ASSERT_EQ(before.get("/small"), "small");
    set_clock(three_years);
    EXPECT_TRUE(front->logged("alias ec: its certificate (CN=localhost) has expired at"));
    EXPECT_TRUE(front->logged("alias rsa: its certificate"));
    EXPECT_THAT(status().out, ContainsRegex("until [0-9-]+, -[0-9]+ days left"));
    TlsClient again(config.http.port, before.session(), {TLS1_3_VERSION});
    EXPECT_EQ(again.get("/small"), "small") << "a full handshake";
    EXPECT_FALSE(again.resumed()) << "three years after";
}

TEST_F(ClockJump, BackFromAWrongTimeTicketsOfThenStillServe) {
    set_clock(three_years);
    TlsClient then(config.http.port, nullptr, {TLS1_3_VERSION});
    ASSERT_EQ(then.get("/small"), "small");
    ASSERT_TRUE(front->logged("has expired"));
    set_clock(0);
    TlsClient again(config.http.port, then.session(), {TLS1_3_VERSION});
    EXPECT_EQ(again.get("/small"), "small");
    EXPECT_TRUE(again.resumed()) << "its key decrypts for a lifetime from now on";
    expect_service(then);
}

}  // namespace
}  // namespace hsmfront::test
