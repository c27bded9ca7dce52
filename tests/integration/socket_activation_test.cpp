// Sockets that the service manager has bound (sd_listen_fds(3)).
#include "tests/integration/upgrade_scene.hpp"

#include <gmock/gmock.h>

namespace hsmfront::test {
namespace {

using ::testing::HasSubstr;

class SocketActivation : public UpgradeScene {
  protected:
    void activate(std::vector<std::string> addresses) {
        config.wrapper = {"python3", HSMFRONT_SOURCE_DIR "/tests/tools/activate.py"};
        config.wrapper.insert(config.wrapper.end(), addresses.begin(), addresses.end());
        config.wrapper.emplace_back("--");
        start();
    }
    static std::string any(std::uint16_t port) { return "[::]:" + std::to_string(port); }

    void expect_all_served() {
        EXPECT_EQ(curl({https("/small")}).out, "small");
        write_file(vsftpd.root() / "file", "file");
        EXPECT_EQ(curl({"--user", "ftp:secret", ftps("/file")}).out, "file");
        EXPECT_EQ(curl({"--user", "ftp:secret", ftp("/file")}).out, "file");
        EXPECT_THAT(ask({"status"}).out, HasSubstr("ready: yes"));
    }
};

TEST_F(SocketActivation, SocketsAreTakenForThePortsOfTheConfiguration) {
    const std::uint16_t useless = ports.next();
    config.extra += "workers: 2\n";
    activate(
        {any(config.http.port),
         any(config.ftp.explicit_port),
         any(config.ftp.implicit_port),
         any(useless),
         socket().string()}
    );
    EXPECT_THAT(
        front->log(),
        HasSubstr(
            "inherited socket [::]:" + std::to_string(useless) +
            ": the configuration has no use for it"
        )
    );
    for (int i = 0; i < 10; ++i) {
        expect_all_served();
    }
    EXPECT_FALSE(listens(useless));
}

TEST_F(SocketActivation, OthersAreBoundAsEver) {
    activate({any(config.ftp.implicit_port)});
    expect_all_served();
}

TEST_F(SocketActivation, SocketsAreHandedOver) {
    activate({any(config.http.port), any(config.ftp.explicit_port), socket().string()});
    upgrade();
    EXPECT_EQ(front->process().wait(30s), 0);
    expect_all_served();
}

}  // namespace
}  // namespace hsmfront::test
