// Upgrade: a new process takes over, and nobody notices.
#include "tests/harness/ftps_client.hpp"
#include "tests/harness/tls_client.hpp"
#include "tests/integration/upgrade_scene.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <sys/wait.h>

namespace hsmfront::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class Upgrade : public UpgradeScene {
  protected:
    void expect_all_served() {
        EXPECT_EQ(curl({https("/small")}).out, "small");
        write_file(vsftpd.root() / "file", "file");
        EXPECT_EQ(curl({"--user", "ftp:secret", ftps("/file")}).out, "file");
        EXPECT_EQ(curl({"--user", "ftp:secret", ftp("/file")}).out, "file");
    }
};

TEST_F(Upgrade, NewProcessServesAndTheOldOneEnds) {
    config.extra = "admin: { socket: " + socket().string() +
                   ", listen: " + (scratch() / "http.sock").string() + " }\n";
    start();
    expect_all_served();
    const pid_t next = upgrade();
    EXPECT_NE(next, front->process().pid());
    EXPECT_EQ(front->process().wait(30s), 0);
    expect_all_served();
    const auto status = ask({"status"});
    EXPECT_THAT(status.out, HasSubstr("ready: yes"));
    const std::string pages = (scratch() / "http.sock").string();
    EXPECT_EQ(run({"curl", "-sS", "--unix-socket", pages, "http://localhost/readyz"}).code, 0);
    ::kill(next, SIGHUP);
    EXPECT_TRUE(eventually([&] { return !front->line_with("reloaded: ").empty(); }));
    EXPECT_EQ(front->error_lines(), 0U) << front->log();
}

TEST_F(Upgrade, SignalDoesTheSame) {
    start();
    front->process().signal(SIGUSR2);
    EXPECT_EQ(front->process().wait(60s), 0);
    const std::string line = front->line_with("upgraded: process ");
    ASSERT_THAT(line, HasSubstr("upgraded: process "));
    expect_all_served();
    const pid_t next = std::stoi(line.substr(line.find("process ") + 8));
    ::kill(next, SIGTERM);
    EXPECT_EQ(end_of(next), 0);
}

TEST_F(Upgrade, TransfersUnderWayAreFinished) {
    start();
    write_random(nginx.root() / "big", 12'000'000);
    write_random(vsftpd.root() / "big", 12'000'000);
    const auto upload = sample(12'000'000);
    const auto https_in = slow_curl("4M", {"-o", (scratch() / "https").string(), https("/big")});
    const auto ftps_in = slow_curl("4M", {"-o", (scratch() / "ftps").string(), ftps("/big")});
    const auto ftp_out = slow_curl("4M", {"-T", upload.string(), ftp("/sent")});
    ASSERT_TRUE(eventually([&] {
        return size_of(scratch() / "https") > 0 && size_of(scratch() / "ftps") > 0 &&
               size_of(vsftpd.root() / "sent") > 0;
    }));
    upgrade();
    EXPECT_TRUE(front->process().running());
    EXPECT_EQ(https_in->wait(60s), 0);
    EXPECT_EQ(ftps_in->wait(60s), 0);
    EXPECT_EQ(ftp_out->wait(60s), 0);
    EXPECT_EQ(sha256(scratch() / "https"), sha256(nginx.root() / "big"));
    EXPECT_EQ(sha256(scratch() / "ftps"), sha256(vsftpd.root() / "big"));
    EXPECT_EQ(sha256(vsftpd.root() / "sent"), sha256(upload));
    EXPECT_EQ(front->process().wait(30s), 0);
}

/// Idle when the new process takes over; the client wants more of it.
TEST_F(Upgrade, FtpSessionGoesOn) {
    start();
    write_file(vsftpd.root() / "file", "file");
    FtpsClient client(config.ftp.explicit_port);
    EXPECT_THAT(client.reply(), StartsWith("220"));
    EXPECT_THAT(client.ask("AUTH TLS"), StartsWith("234"));
    ASSERT_TRUE(client.secure());
    EXPECT_THAT(client.ask("USER ftp"), StartsWith("331"));
    EXPECT_THAT(client.ask("PASS secret"), StartsWith("230"));
    EXPECT_THAT(client.ask("PBSZ 0"), StartsWith("200"));
    EXPECT_THAT(client.ask("PROT P"), StartsWith("200"));
    upgrade();
    const std::uint16_t port = passive_port_in(client.ask("EPSV"));
    Wire data = client.connect_data(port);
    client.send("RETR file");
    EXPECT_TRUE(client.secure_data(data));
    EXPECT_THAT(client.reply(), StartsWith("150"));
    EXPECT_EQ(data.rest().bytes, "file");
    EXPECT_THAT(client.reply(), StartsWith("226"));
    EXPECT_TRUE(front->process().running());
    EXPECT_THAT(client.ask("QUIT"), StartsWith("221"));
    EXPECT_EQ(front->process().wait(30s), 0);
}

TEST_F(Upgrade, SessionIsDrainedAfterItsTime) {
    config.drain = "2s, retire: 1s";
    start();
    FtpsClient client(config.ftp.explicit_port);
    EXPECT_THAT(client.reply(), StartsWith("220"));
    EXPECT_THAT(client.ask("AUTH TLS"), StartsWith("234"));
    ASSERT_TRUE(client.secure());
    upgrade();
    EXPECT_THAT(client.reply(), StartsWith("421"));
    EXPECT_EQ(front->process().wait(30s), 0);
}

TEST_F(Upgrade, RequestOnAConnectionOfBeforeIsAnswered) {
    start();
    TlsClient client(config.http.port);
    EXPECT_EQ(client.get("/small"), "small");
    upgrade();
    EXPECT_TRUE(front->process().running());
    EXPECT_EQ(client.get("/small"), "small");
    EXPECT_EQ(front->process().wait(30s), 0) << "that answer was to be the last";
}

TEST_F(Upgrade, SessionIsResumedByTheNewProcess) {
    start();
    TlsClient first(config.http.port);
    EXPECT_EQ(first.get("/small"), "small");
    ASSERT_NE(first.session(), nullptr);
    upgrade();
    TlsClient second(config.http.port, first.session());
    EXPECT_TRUE(second.resumed());
    EXPECT_EQ(second.get("/small"), "small");
}

TEST_F(Upgrade, OneAfterAnother) {
    config.extra += "workers: 1\n";
    start();
    const pid_t first = upgrade();
    config.extra.replace(config.extra.find("workers: 1"), 10, "workers: 3");
    rewrite_configuration();
    const pid_t second = upgrade();
    EXPECT_EQ(end_of(first), 0);
    config.extra.replace(config.extra.find("workers: 3"), 10, "workers: 2");
    rewrite_configuration();
    upgrade();
    EXPECT_EQ(end_of(second), 0);
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(curl({https("/small")}).out, "small");
    }
    expect_all_served();
}

TEST_F(Upgrade, PortsFollowTheNewConfiguration) {
    start();
    const std::uint16_t before = config.http.port;
    config.http.port = ports.next();
    rewrite_configuration();
    upgrade();
    EXPECT_EQ(front->process().wait(30s), 0);
    EXPECT_FALSE(listens(before));
    expect_all_served();
}

TEST_F(Upgrade, WrongConfigurationChangesNothing) {
    start();
    const std::string yaml = config.yaml();
    write_file(scratch() / "hsmfront.yaml", yaml + "nonsense: 1\n");
    const auto answer = ask({"upgrade"});
    EXPECT_EQ(answer.code, 1);
    EXPECT_THAT(answer.out, HasSubstr("upgrade failed, nothing was changed: "));
    EXPECT_THAT(answer.out, HasSubstr("nonsense"));
    EXPECT_TRUE(front->process().running());
    expect_all_served();
}

TEST_F(Upgrade, KeyThatIsMissingChangesNothing) {
    start();
    const FrontConfig before = config;
    config.ftp.alias = "nobody";
    rewrite_configuration();
    const auto answer = ask({"upgrade"});
    EXPECT_EQ(answer.code, 1);
    EXPECT_THAT(answer.out, HasSubstr("protocol ftp does not start"));
    EXPECT_TRUE(front->process().running());
    config = before;
    expect_all_served();
    rewrite_configuration();
    upgrade();  // what failed leaves nothing behind
    expect_all_served();
}

/// As operators keep versions: a link to one of them.
TEST_F(Upgrade, ProgramIsTheOneThatLiesThereNow) {
    const auto link = scratch() / "hsmfront";
    std::filesystem::create_symlink(program(), link);
    config.wrapper = {"sh", "-c", "shift; exec " + link.string() + " \"$@\"", "sh"};
    start();
    std::filesystem::remove(link);
    const auto gone = ask({"upgrade"});
    EXPECT_EQ(gone.code, 1);
    EXPECT_THAT(gone.out, HasSubstr("cannot run " + link.string()));
    std::filesystem::create_symlink("/bin/false", link);
    const auto other = ask({"upgrade"});
    EXPECT_EQ(other.code, 1);
    EXPECT_THAT(other.out, HasSubstr(link.string() + " did not start"));
    expect_all_served();
    std::filesystem::remove(link);
    std::filesystem::create_symlink(program(), link);
    upgrade();
    expect_all_served();
}

TEST_F(Upgrade, PinOfTheEnvironmentIsHandedOver) {
    config.env["SECRET_PIN"] = "123456";
    config.hsm.pin = "{ env: SECRET_PIN }";
    start();
    const pid_t next = upgrade();
    expect_all_served();
    EXPECT_THAT(text_of("/proc/" + std::to_string(next) + "/environ"), Not(HasSubstr("123456")));
    upgrade();
    expect_all_served();
}

TEST_F(Upgrade, TypedPinIsHandedOver) {
    config.hsm.pin = "";
    launch();
    ASSERT_TRUE(front->logged("waiting 60 s for \"hsmfront pin\""));
    write_file(scratch() / "typed", "123456\n");
    const std::vector<std::string> type{
        "sh",
        "-c",
        "exec \"$0\" pin -c \"$1\" <\"$2\"",
        program(),
        (scratch() / "hsmfront.yaml").string(),
        (scratch() / "typed").string()};
    ASSERT_EQ(run(type, 60s, token.environment()).code, 0);
    ASSERT_TRUE(front->up("ftp"));
    ASSERT_TRUE(front->up("http"));
    upgrade();
    expect_all_served();
}

TEST_F(Upgrade, StopMeansAll) {
    config.hsm.pin = "";  // the new process waits for it
    config.http.hsm = false;
    config.ftp.enabled = false;
    config.certificates = Material::get().key_files();
    start();
    config.http.hsm = true;
    config.certificates = Material::get().certificates();
    rewrite_configuration();
    front->process().signal(SIGUSR2);
    ASSERT_TRUE(front->logged("waiting 60 s for \"hsmfront pin\""));
    front->process().signal(SIGTERM);
    EXPECT_EQ(front->process().wait(30s), 0);
    // Ours since the old one has ended; no child is left of its group.
    EXPECT_TRUE(eventually([&] { return ::waitpid(-front->process().pid(), nullptr, WNOHANG) < 0; })
    ) << "the new process stays";
}

}  // namespace
}  // namespace hsmfront::test
