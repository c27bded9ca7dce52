// Syslog: the datagrams, and what happens to lines when nobody takes them.
#include "proxy/log/syslog.hpp"

#include "tests/support/temp_dir.hpp"

#include <gmock/gmock.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace hsmfront::log {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::SizeIs;
using ::testing::StartsWith;
using namespace std::chrono_literals;

/// TZ, for as long as it lives.
class TimeZone {
  public:
    explicit TimeZone(const char* name) {
        ::setenv("TZ", name, 1);
        ::tzset();
    }
    ~TimeZone() {
        ::unsetenv("TZ");
        ::tzset();
    }
};

const std::chrono::system_clock::time_point moment{1'735'689'906s + 78ms};  // 2025-01-01T00:05:06Z

TEST(SyslogDatagram, IsThatOfSyslog3ForAUnixSocket) {
    const TimeZone zone("UTC");
    EXPECT_EQ(
        local_datagram({"a", 42, 3}, {Level::warn, "ftp", "ftp: session 7 ftps: refused"}, moment),
        "<28>Jan  1 00:05:06 hsmfront[42]: ftp: session 7 ftps: refused"
    );
}

TEST(SyslogDatagram, IsThatOfRfc5424ForUdp) {
    const TimeZone zone("UTC");
    EXPECT_EQ(
        rfc5424_datagram({"host.a", 42, 16}, {Level::err, "tls", "tls: bad"}, moment),
        "<131>1 2025-01-01T00:05:06.078+00:00 host.a hsmfront 42 tls - tls: bad"
    );
}

TEST(SyslogDatagram, TellsTheZone) {
    const TimeZone zone("XXX+03:30");  // west of Greenwich
    EXPECT_THAT(
        rfc5424_datagram({"-", 1, 3}, {Level::info, "tls", "x"}, moment),
        StartsWith("<30>1 2024-12-31T20:35:06.078-03:30 - hsmfront 1 tls - x")
    );
}

TEST(SyslogDatagram, HasASeverityForEachLevel) {
    const auto priority = [](Level level) {
        const auto text = local_datagram({"-", 1, 0}, {level, "tls", "x"}, moment);
        return text.substr(0, text.find('>') + 1);
    };
    EXPECT_EQ(priority(Level::trace), "<7>");
    EXPECT_EQ(priority(Level::debug), "<7>");
    EXPECT_EQ(priority(Level::info), "<6>");
    EXPECT_EQ(priority(Level::warn), "<4>");
    EXPECT_EQ(priority(Level::err), "<3>");
    EXPECT_EQ(priority(Level::critical), "<2>");
}

TEST(SyslogDatagram, KnowsItsFacilities) {
    EXPECT_EQ(facility_number("daemon"), 3);
    EXPECT_EQ(facility_number("authpriv"), 10);
    EXPECT_EQ(facility_number("local0"), 16);
    EXPECT_EQ(facility_number("local7"), 23);
}

/// A daemon that is the test itself.
class Daemon {
  public:
    explicit Daemon(const std::filesystem::path& path)
        : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
        bound_ = ::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    }
    ~Daemon() { ::close(fd_); }
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;

    [[nodiscard]] bool bound() const { return bound_; }
    [[nodiscard]] std::string receive() const {
        std::array<char, 65536> buffer{};
        const ssize_t got = ::recv(fd_, buffer.data(), buffer.size(), 0);
        return got < 0 ? "" : std::string(buffer.data(), static_cast<std::size_t>(got));
    }

  private:
    int fd_;
    bool bound_ = false;
};

class SyslogTest : public testing::Test {
  protected:
    int say(std::string_view text) { return target->write({Level::info, "ftp", text}); }

    test::TempDir directory;
    std::filesystem::path socket = directory.path() / "log";
    std::shared_ptr<Target> target = open_syslog({socket, {}, "local3"});
};

TEST_F(SyslogTest, SendsALineAsADatagram) {
    const Daemon daemon(socket);
    ASSERT_TRUE(daemon.bound());
    EXPECT_EQ(say("ftp: hello"), 0);
    EXPECT_THAT(
        daemon.receive(),
        MatchesRegex(R"(<158>[A-Z][a-z]{2} [ 123][0-9] [0-9:]{8} hsmfront\[[0-9]+\]: ftp: hello)")
    );
}

TEST_F(SyslogTest, FindsADaemonThatComesLateOrAgain) {
    EXPECT_EQ(say("nobody hears"), ENOENT);
    {
        const Daemon first(socket);
        EXPECT_EQ(say("first"), 0);
        EXPECT_THAT(first.receive(), EndsWith(": first"));
    }
    EXPECT_EQ(say("nobody hears"), ECONNREFUSED);
    std::filesystem::remove(socket);
    const Daemon second(socket);
    EXPECT_EQ(say("second"), 0);
    EXPECT_THAT(second.receive(), EndsWith(": second"));
}

TEST_F(SyslogTest, GoesOnAtOnceWithADaemonThatWasStartedAnew) {
    auto first = std::make_unique<Daemon>(socket);
    EXPECT_EQ(say("first"), 0);
    first.reset();
    std::filesystem::remove(socket);
    const Daemon second(socket);
    EXPECT_EQ(say("second"), 0);
    EXPECT_THAT(second.receive(), EndsWith(": second"));
}

TEST_F(SyslogTest, WaitsForASlowDaemonOnceAndOnlyForAMoment) {
    const Daemon daemon(socket);
    int sent = 0;
    const auto begun = std::chrono::steady_clock::now();
    while (say("x") == 0) {
        ASSERT_LT(++sent, 1'000'000) << "the daemon's queue has no end";
    }
    for (int i = 0; i < 1000; ++i) {
        EXPECT_EQ(say("lost"), EAGAIN);
    }
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 20s) << "200 ms for each line";
    EXPECT_THAT(daemon.receive(), EndsWith(": x"));
    EXPECT_EQ(say("again"), 0);
}

TEST_F(SyslogTest, CutsWhatIsTooLong) {
    const Daemon daemon(socket);
    EXPECT_EQ(say(std::string(100'000, 'x')), 0);
    const std::string datagram = daemon.receive();
    EXPECT_THAT(datagram.substr(datagram.find("x")), SizeIs(8192));
}

TEST(SyslogUdp, SendsRfc5424) {
    const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), size), 0);
    ASSERT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
    const auto target = open_syslog({{}, {"127.0.0.1", ntohs(address.sin_port)}, "daemon"});
    EXPECT_EQ(target->write({Level::info, "access", "GET / 200"}), 0);
    std::array<char, 2048> buffer{};
    const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), 0);
    ::close(fd);
    ASSERT_GT(got, 0);
    const std::string datagram(buffer.data(), static_cast<std::size_t>(got));
    EXPECT_THAT(datagram, StartsWith("<30>1 20"));
    EXPECT_THAT(datagram, HasSubstr(" hsmfront " + std::to_string(::getpid()) + " access - GET /"));
}

}  // namespace
}  // namespace hsmfront::log
