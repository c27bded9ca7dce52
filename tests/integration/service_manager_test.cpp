// What the service tells systemd (sd_notify(3)).
#include "tests/harness/stage.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <cstring>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hsmfront::test {
namespace {

using ::testing::StartsWith;

class ServiceManager : public Stage {
  protected:
    ServiceManager() : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        const std::string path = (scratch() / "notify").string();
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
        EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        const timeval limit{20, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        config.env["NOTIFY_SOCKET"] = path;
        config.env["WATCHDOG_USEC"] = "200000";
    }
    ~ServiceManager() override { ::close(socket_); }
    ServiceManager(const ServiceManager&) = delete;
    ServiceManager& operator=(const ServiceManager&) = delete;

    std::string next() {
        std::string text(4096, '\0');
        const ssize_t size = ::recv(socket_, text.data(), text.size(), 0);
        text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
        return text;
    }
    std::string next_but_proofs() {
        std::string text = next();
        while (text == "WATCHDOG=1") {
            text = next();
        }
        return text;
    }

    int socket_;
};

TEST_F(ServiceManager, IsToldOfStartReloadAndStop) {
    start();
    EXPECT_THAT(next(), StartsWith("READY=1"));
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(next(), "WATCHDOG=1");
    }
    front->process().signal(SIGHUP);
    EXPECT_THAT(next_but_proofs(), StartsWith("RELOADING=1\nMONOTONIC_USEC="));
    EXPECT_THAT(next_but_proofs(), StartsWith("READY=1"));
    front->process().signal(SIGTERM);
    EXPECT_THAT(next_but_proofs(), StartsWith("STOPPING=1"));
    EXPECT_EQ(front->process().wait(30s), 0);
    front.reset();
}

TEST_F(ServiceManager, IsToldWhichProcessTakesOver) {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    start();
    EXPECT_THAT(next(), StartsWith("READY=1"));
    front->process().signal(SIGUSR2);
    const std::string told = next_but_proofs();
    ASSERT_THAT(told, StartsWith("MAINPID="));
    const pid_t pid = std::stoi(told.substr(8));
    EXPECT_THAT(next_but_proofs(), StartsWith("READY=1")) << "of the new one";
    EXPECT_EQ(front->process().wait(30s), 0);
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(next(), "WATCHDOG=1") << "it took that duty over too";
    }
    ::kill(pid, SIGTERM);
    EXPECT_THAT(next_but_proofs(), StartsWith("STOPPING=1"));
    EXPECT_TRUE(eventually([&] { return ::waitpid(pid, nullptr, WNOHANG) == pid; }));
}

/// One worker has nothing to do any more, the other has.
TEST_F(ServiceManager, GetsProofsOfLifeWhileSessionsEnd) {
    config.ftp.enabled = false;
    config.drain = "30s";
    config.extra += "workers: 2\n";
    start();
    write_random(nginx.root() / "file", 20'000'000);
    const auto download =
        slow_curl("8M", {"-o", (scratch() / "received").string(), https("/file")});
    ASSERT_TRUE(eventually([&] { return size_of(scratch() / "received") > 0; }));
    front->process().signal(SIGTERM);
    while (next() != "STOPPING=1\nSTATUS=sessions may end") {
    }
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(next(), "WATCHDOG=1");
    }
    EXPECT_EQ(download->wait(60s), 0);
    EXPECT_EQ(front->process().wait(30s), 0);
    front.reset();
}

}  // namespace
}  // namespace hsmfront::test
