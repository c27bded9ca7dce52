// Where the log goes: syslog, the journal, disks that fill up.
#include "log_scene.hpp"
#include "tests/harness/files.hpp"

#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace hsmfront::test {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

/// A syslog daemon that is the test itself.
class Datagrams {
  public:
    explicit Datagrams(int family) : fd_(::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        const timeval limit{20, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    }
    ~Datagrams() { ::close(fd_); }
    Datagrams(const Datagrams&) = delete;
    Datagrams& operator=(const Datagrams&) = delete;

    void bind(const std::filesystem::path& path) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
        ASSERT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        std::filesystem::permissions(path, std::filesystem::perms(0666));
    }
    /// Returns the port.
    [[nodiscard]] std::uint16_t bind_loopback() {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), size), 0);
        EXPECT_EQ(::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
        return ntohs(address.sin_port);
    }
    /// The first datagram that holds `text`; empty if there is none for 20 s.
    [[nodiscard]] std::string with(const std::string& text) {
        for (std::size_t i = 0;; ++i) {
            if (i == received_.size() && !receive()) {
                return "";
            }
            if (received_[i].find(text) != std::string::npos) {
                return received_[i];
            }
        }
    }

  private:
    bool receive() {
        std::string datagram(65536, '\0');
        const ssize_t size = ::recv(fd_, datagram.data(), datagram.size(), 0);
        if (size >= 0) {
            datagram.resize(static_cast<std::size_t>(size));
            received_.push_back(std::move(datagram));
        }
        return size >= 0;
    }

    std::vector<std::string> received_;
    int fd_;
};

class LogTargets : public LogScene {
  protected:
    [[nodiscard]] std::filesystem::path socket() const { return scratch() / "dev-log"; }

    /// The section log for a daemon at `address`.
    void use_syslog(const std::string& address, const std::string& more = "") {
        set_log(
            "{ file: syslog, syslog: { address: \"" + address + "\", facility: local3 }" + more +
            " }"
        );
    }
};

TEST_F(LogTargets, SyslogGetsLinesAsSyslog3SendsThem) {
    Datagrams daemon(AF_UNIX);
    daemon.bind(socket());
    use_syslog(socket().string(), ", access: syslog");
    launch();
    EXPECT_THAT(
        daemon.with("protocol http is up"),
        ContainsRegex(
            "^<158>[A-Z][a-z][a-z] [ 123][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9] "
            "hsmfront\\[" +
            std::to_string(front->process().pid()) + "\\]: runtime: protocol http is up"
        )
    );
    EXPECT_EQ(curl({https("/small")}).out, "small");
    EXPECT_THAT(daemon.with("GET /small"), ContainsRegex("^<158>.*\\]: .* \"GET /small HTTP/"));
    EXPECT_THAT(daemon.with(" https client="), ContainsRegex("\\]: http: session [0-9]+ https"));
    EXPECT_EQ(errors(), "") << "nothing goes to standard error";
}

TEST_F(LogTargets, SyslogOverUdpIsThatOfRfc5424AndComesWithAReload) {
    Datagrams daemon(AF_INET);
    const std::uint16_t port = daemon.bind_loopback();
    start();
    use_syslog("127.0.0.1:" + std::to_string(port), ", format: json");
    EXPECT_THAT(reload(), HasSubstr("reloaded: ftp"));
    EXPECT_THAT(
        daemon.with("reloaded: ftp"),
        ContainsRegex(
            "^<158>1 20[0-9-]+T[0-9:]+\\.[0-9]{3}[+-][0-9:]+ [^ ]+ hsmfront " +
            std::to_string(front->process().pid()) + " runtime - \\{\"time\":.*\\}$"
        )
    );
}

TEST_F(LogTargets, AbsentSyslogCostsLinesThatAreCounted) {
    use_syslog(socket().string());
    start_silently();
    EXPECT_THAT(front->log(), HasSubstr("hsmfront: syslog at " + socket().string() + " cannot be"));
    EXPECT_EQ(occurrences(errors(), "\n"), 1U) << errors();
    EXPECT_GE(dropped(), 2);
    Datagrams late(AF_UNIX);
    late.bind(socket());
    EXPECT_EQ(curl({https("/small")}).out, "small");
    EXPECT_THAT(
        late.with(" lost"),
        ContainsRegex("<155>.*runtime: [0-9]+ lines before this one are lost: No such file")
    );
    EXPECT_NE(late.with(" https client="), "");
}

TEST_F(LogTargets, SyslogThatReadsNothingCostsNoTime) {
    Datagrams daemon(AF_UNIX);
    daemon.bind(socket());
    use_syslog(socket().string(), ", level: trace, repeats: none");
    start_silently();
    ASSERT_TRUE(eventually([&] {
        EXPECT_EQ(curl({"--user", "ftp:x", ftp("/")}).code, 0);
        return dropped() > 0;
    }));
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_EQ(curl({https("/small")}).out, "small");
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s);
    EXPECT_EQ(front->process().stop(), 0) << "and it ends";
}

TEST_F(LogTargets, JournalIsToldTheLevels) {
    // Standard error becomes a file whose device and inode the environment names.
    config.wrapper = {"sh", "-c", "JOURNAL_STREAM=$(stat -Lc %d:%i /dev/fd/2) exec \"$@\"", "sh"};
    start();
    EXPECT_THAT(front->log(), ContainsRegex("(^|\n)<6>[^\n]* info  runtime: protocol http is up"));
    set_log("{ file: /proc/no/such/log }");
    EXPECT_THAT(reload(), HasSubstr("reload failed"));
    EXPECT_TRUE(front->logged("error runtime: reload failed"));
    EXPECT_THAT(front->line_with("reload failed"), ContainsRegex("^<3>"));
}

TEST_F(LogTargets, FullDeviceIsToldOfOnceAndServiceGoesOn) {
    set_log("{ file: /dev/full, access: /dev/full }");
    start_silently();
    EXPECT_EQ(
        errors(),
        "hsmfront: log.file /dev/full cannot be written, lines are lost and counted: "
        "No space left on device\n"
    );
    EXPECT_GE(dropped(), 4);
}

TEST_F(LogTargets, DiskThatHasRoomAgainIsWrittenToAgain) {
    const auto disk = scratch() / "disk";
    std::filesystem::create_directory(disk);
    config.wrapper = {
        "unshare",
        "-m",
        "--propagation",
        "private",
        "sh",
        "-c",
        "mount -t tmpfs -o size=16k none disk && exec \"$@\"",
        "sh"};
    set_log("{ level: trace, repeats: none, file: " + (disk / "log").string() + " }");
    start_silently();
    // Where the proxy sees it.
    const auto seen =
        "/proc/" + std::to_string(front->process().pid()) + "/root" + (disk / "log").string();
    ASSERT_TRUE(eventually([&] {
        EXPECT_EQ(curl({"--user", "ftp:x", ftp("/")}).code, 0);
        return dropped() > 0;
    }));
    EXPECT_THAT(front->log(), HasSubstr("cannot be written, lines are lost and counted: No space"));
    const std::string full = text_of(seen);
    std::filesystem::resize_file(seen, 0);
    EXPECT_EQ(curl({https("/small")}).out, "small");
    ASSERT_TRUE(eventually([&] { return text_of(seen).find(" https client=") != std::string::npos; }
    ));
    EXPECT_THAT(
        text_of(seen),
        ContainsRegex(
            "error runtime: [0-9]+ lines before this one are lost: No space left on device"
        )
    );
    EXPECT_EQ(occurrences(front->log(), "cannot be written"), 1U) << front->log();
}

TEST_F(LogTargets, FileThatWasMovedIsOpenedAgain) {
    const auto file = scratch() / "log";
    set_log("{ file: " + file.string() + " }");
    start_silently();
    std::filesystem::rename(file, scratch() / "log.1");
    front->process().signal(SIGUSR1);
    ASSERT_TRUE(eventually([&] { return std::filesystem::exists(file); }));
    EXPECT_EQ(curl({https("/small")}).out, "small");
    EXPECT_TRUE(written(file, " https client="));
    EXPECT_EQ(errors(), "");
}

}  // namespace
}  // namespace hsmfront::test
