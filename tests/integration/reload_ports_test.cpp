// Reload: listeners that come, go and move, while connections of others stay.
#include "tests/harness/occupied.hpp"
#include "tests/harness/stage.hpp"
#include "tests/harness/tls_client.hpp"

#include <gmock/gmock.h>

#include <csignal>

namespace hsmfront::test {
namespace {

using ::testing::HasSubstr;

class ReloadPorts : public Stage {
  protected:
    /// Reloads what `config` says now; the line that tells how it went begins with `answer`.
    void reload(const std::string& answer) {
        write_file(scratch() / "hsmfront.yaml", config.yaml());
        front->process().signal(SIGHUP);
        ASSERT_TRUE(front->logged(answer)) << front->log();
    }
};

TEST_F(ReloadPorts, MoveAndConnectionsStay) {
    start();
    const std::uint16_t before = config.http.port;
    TlsClient client(before);
    EXPECT_EQ(client.get("/small"), "small");
    config.http.port = ports.next();
    config.ftp.implicit_port = ports.next();
    reload("reloaded: ftp");
    EXPECT_EQ(curl({https("/small")}).out, "small");
    write_file(vsftpd.root() / "file", "file");
    EXPECT_EQ(curl({"--user", "ftp:secret", ftps("/file")}).out, "file");
    EXPECT_EQ(curl({"--user", "ftp:secret", ftp("/file")}).out, "file");
    EXPECT_TRUE(eventually([&] { return !listens(before); }));
    EXPECT_EQ(client.get("/small"), "small") << "what came in by the old port stays";
}

TEST_F(ReloadPorts, RedirectComesAndGoes) {
    start();
    const FrontConfig before = config;
    const std::string plain = std::to_string(ports.next());
    config.http.extra = "redirect: [{ address: 127.0.0.1, port: " + plain + " }]\n";
    reload("reloaded: ftp");
    const std::vector<std::string> ask{
        "curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "http://127.0.0.1:" + plain + "/"};
    EXPECT_TRUE(eventually([&] { return run(ask).out == "308"; }));
    config = before;
    write_file(scratch() / "hsmfront.yaml", config.yaml());
    front->process().signal(SIGHUP);
    EXPECT_TRUE(eventually([&] { return !listens(static_cast<std::uint16_t>(std::stoi(plain))); }));
    EXPECT_EQ(curl({https("/small")}).out, "small");
}

TEST_F(ReloadPorts, PortThatIsTakenChangesNothing) {
    start();
    const FrontConfig before = config;
    const std::uint16_t taken = ports.next();
    const Occupied other(taken);
    config.ftp.implicit_port = ports.next();
    config.http.port = taken;
    reload("reload failed, nothing was changed: cannot listen on");
    EXPECT_FALSE(listens(config.ftp.implicit_port)) << "half of a reload";
    config = before;
    EXPECT_EQ(curl({https("/small")}).out, "small");
}

TEST_F(ReloadPorts, ListenersThatChangeTheirPlacesKeepTheirPorts) {
    start();
    std::swap(config.ftp.explicit_port, config.ftp.implicit_port);
    reload("reloaded: ftp");
    write_file(vsftpd.root() / "file", "file");
    EXPECT_EQ(curl({"--user", "ftp:secret", ftps("/file")}).out, "file");
    EXPECT_EQ(curl({"--user", "ftp:secret", ftp("/file")}).out, "file");
}

}  // namespace
}  // namespace hsmfront::test
