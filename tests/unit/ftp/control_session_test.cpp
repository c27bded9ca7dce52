// ControlSession and DataChannel over loopback, in clear; TLS is for the integration tests.
#include "proxy/net/errc.hpp"
#include "session_stage.hpp"

namespace hsmfront::ftp::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t file_size = 1'000'000;

class FtpSession : public SessionStage {};

net::Task<void> quit(SessionStage& stage) {
    co_await stage.client->send("QUIT\r\n");
    const std::string asked = co_await stage.backend->line();
    EXPECT_EQ(asked, "QUIT");
    co_await stage.backend->send("221 bye\r\n");
    const std::string answer = co_await stage.client->line();
    EXPECT_EQ(answer, "221 bye");
    const std::string end = co_await stage.client->line();
    EXPECT_EQ(end, "<closed>");
}

net::Task<void> expect_answer(SessionStage& stage, std::string_view code) {
    const std::string answer = co_await stage.client->line();
    EXPECT_EQ(answer.substr(0, 3), code) << answer;
}

net::Task<void> expect_backend(SessionStage& stage, std::string_view command) {
    const std::string line = co_await stage.backend->line();
    EXPECT_EQ(line, command);
}

net::Task<void> expect_cut(Peer& peer) {
    const Peer::Rest rest = co_await peer.rest();
    EXPECT_FALSE(rest.clean);
}

net::Task<void> download(SessionStage& stage) {
    co_await stage.log_in();
    co_await stage.start("RETR a");
    const std::string bytes(file_size, 'x');
    co_await stage.backend_data->send(bytes);
    stage.backend_data->close();
    co_await stage.backend->send("226 done\r\n");
    const Peer::Rest rest = co_await stage.client_data->rest();
    EXPECT_TRUE(rest.clean);
    EXPECT_EQ(rest.bytes, file_size);
    co_await expect_answer(stage, "226");
    stage.client_data->close();
    co_await quit(stage);
}
TEST_F(FtpSession, DownloadArrivesWhole) { play(&download); }

net::Task<void> upload(SessionStage& stage) {
    co_await stage.log_in();
    co_await stage.start("STOR a");
    const std::string bytes(file_size, 'x');
    co_await stage.client_data->send(bytes);
    stage.client_data->close();
    const Peer::Rest rest = co_await stage.backend_data->rest();
    EXPECT_TRUE(rest.clean);
    EXPECT_EQ(rest.bytes, file_size);
    co_await stage.backend->send("226 done\r\n");
    co_await expect_answer(stage, "226");
    co_await quit(stage);
}
TEST_F(FtpSession, UploadArrivesWhole) { play(&upload); }

net::Task<void> backend_reset(SessionStage& stage) {
    co_await stage.log_in();
    co_await stage.start("RETR a");
    co_await stage.backend_data->send("some");
    stage.backend_data->reset();
    co_await expect_cut(*stage.client_data);
    co_await stage.backend->send("226 done\r\n");
    co_await expect_answer(stage, "426");
    co_await quit(stage);
}
TEST_F(FtpSession, BackendResetInDownloadIsNoCleanEnd) { play(&backend_reset); }

net::Task<void> backend_dies(SessionStage& stage) {
    co_await stage.log_in();
    co_await stage.start("RETR a");
    co_await stage.backend_data->send("some");
    stage.backend_data->close();  // as the kernel does for a process that dies: FIN on both
    stage.backend->close();
    co_await expect_cut(*stage.client_data);
    co_await expect_answer(stage, "421");
    const std::string end = co_await stage.client->line();
    EXPECT_EQ(end, "<closed>");
}
TEST_F(FtpSession, BackendThatDiesInDownloadIsNoCleanEnd) { play(&backend_dies); }

net::Task<void> client_reset(SessionStage& stage) {
    co_await stage.log_in();
    co_await stage.start("STOR a");
    co_await stage.client_data->send("some");
    stage.client_data->reset();
    co_await expect_cut(*stage.backend_data);
    co_await expect_backend(stage, "ABOR");
    co_await stage.backend->send("226 all received\r\n226 aborted\r\n");
    co_await expect_answer(stage, "426");
    co_await quit(stage);
}
TEST_F(FtpSession, ClientResetInUploadResetsTheBackend) { play(&client_reset); }

net::Task<void> client_gone(SessionStage& stage) {
    co_await stage.log_in();
    co_await stage.start("STOR a");
    co_await stage.client_data->send("some");
    stage.client->close();
    co_await expect_cut(*stage.backend_data);
    co_await expect_cut(*stage.client_data);
    co_await expect_backend(stage, "ABOR");
    co_await expect_backend(stage, "QUIT");
}
TEST_F(FtpSession, ClientGoneInUploadResetsTheBackend) { play(&client_gone); }

net::Task<void> abort(SessionStage& stage) {
    co_await stage.log_in();
    co_await stage.start("RETR a");
    co_await stage.backend_data->send("some");
    co_await stage.client->send(
        "\xff\xf4\xff\xf2"
        "ABOR\r\n"
    );
    co_await expect_cut(*stage.client_data);
    co_await expect_cut(*stage.backend_data);
    co_await expect_backend(stage, "ABOR");
    co_await stage.backend->send("426 broken\r\n226 aborted\r\n");
    co_await expect_answer(stage, "426");
    co_await expect_answer(stage, "226");
    co_await quit(stage);
}
TEST_F(FtpSession, AborCutsBothSides) { play(&abort); }

net::Task<void> foreigner(SessionStage& stage) {
    co_await stage.log_in();
    const std::uint16_t data_port = co_await stage.passive();
    Peer thief = co_await stage.connect(data_port, "127.0.0.2");
    co_await stage.client->send("RETR a\r\n");
    Peer behind = co_await stage.accept_backend_data();
    co_await expect_backend(stage, "RETR a");
    co_await stage.backend->send("150 here\r\n");
    co_await expect_answer(stage, "150");
    const Peer::Rest stolen = co_await thief.rest();
    EXPECT_EQ(stolen.bytes, 0U);
    Peer client_data = co_await stage.connect(data_port);
    co_await behind.send("secret");
    behind.close();
    co_await stage.backend->send("226 done\r\n");
    const Peer::Rest rest = co_await client_data.rest();
    EXPECT_TRUE(rest.clean);
    EXPECT_EQ(rest.bytes, 6U);
    co_await expect_answer(stage, "226");
    client_data.close();
    co_await quit(stage);
}
TEST_F(FtpSession, DataConnectionFromAnotherAddressIsRefused) { play(&foreigner); }

net::Task<void> nobody_comes(SessionStage& stage) {
    co_await stage.log_in();
    static_cast<void>(co_await stage.passive());
    co_await stage.client->send("STOR a\r\n");
    Peer behind = co_await stage.accept_backend_data();
    co_await expect_backend(stage, "STOR a");
    co_await stage.backend->send("150 here\r\n");
    co_await expect_answer(stage, "150");
    co_await expect_cut(behind);
    co_await expect_backend(stage, "ABOR");
    co_await stage.backend->send("426 broken\r\n226 aborted\r\n");
    co_await expect_answer(stage, "425");
    co_await quit(stage);
}
TEST_F(FtpSession, ClientThatNeverConnectsIs425) {
    settings().timeouts.data_connect = 100ms;
    play(&nobody_comes);
}

net::Task<void> stall(SessionStage& stage) {
    co_await stage.log_in();
    co_await stage.start("STOR a");
    co_await stage.client_data->send("some");
    co_await expect_cut(*stage.backend_data);
    co_await expect_cut(*stage.client_data);
    co_await expect_backend(stage, "ABOR");
    co_await stage.backend->send("426 broken\r\n226 aborted\r\n");
    co_await expect_answer(stage, "426");
    co_await quit(stage);
}
TEST_F(FtpSession, StalledUploadIsCut) {
    settings().timeouts.data_stall = 100ms;
    play(&stall);
}

net::Task<void> idle(SessionStage& stage) {
    co_await stage.log_in();
    co_await expect_answer(stage, "421");
    const std::string end = co_await stage.client->line();
    EXPECT_EQ(end, "<closed>");
}
TEST_F(FtpSession, IdleSessionIs421) {
    settings().timeouts.idle = 100ms;
    play(&idle);
}

net::Task<void> wait_for_backend_end(SessionStage& stage) {
    const Peer::Rest rest = co_await stage.backend->rest();
    static_cast<void>(rest);
}

net::Task<void> drain_idle(SessionStage& stage) {
    co_await stage.log_in();
    stage.sessions().drain();
    co_await expect_answer(stage, "421");
    co_await wait_for_backend_end(stage);
}
TEST_F(FtpSession, DrainEndsAnIdleSession) { play(&drain_idle); }

net::Task<void> drain_busy(SessionStage& stage) {
    co_await stage.log_in();
    co_await stage.start("RETR a");
    stage.sessions().drain();
    co_await stage.backend_data->send("all of it");
    stage.backend_data->close();
    co_await stage.backend->send("226 done\r\n");
    const Peer::Rest rest = co_await stage.client_data->rest();
    EXPECT_TRUE(rest.clean);
    EXPECT_EQ(rest.bytes, 9U);
    co_await expect_answer(stage, "226");
    co_await expect_answer(stage, "421");
}
TEST_F(FtpSession, DrainWaitsForTheTransfer) { play(&drain_busy); }

net::Task<void> stop_busy(SessionStage& stage) {
    co_await stage.log_in();
    co_await stage.start("STOR a");
    co_await stage.client_data->send("some");
    stage.sessions().drain();
    stage.sessions().interrupt_all(net::Errc::stopped);
    co_await expect_cut(*stage.backend_data);
    co_await expect_cut(*stage.client_data);
}
TEST_F(FtpSession, SecondInterruptCutsTheTransfer) { play(&stop_busy); }

net::Task<void> injection(SessionStage& stage) {
    Peer client = co_await stage.connect(stage.port());
    const std::string greeting = co_await client.line();
    EXPECT_EQ(greeting.substr(0, 3), "220");
    co_await client.send("AUTH TLS\r\nUSER eve\r\n");
    const Peer::Rest rest = co_await client.rest();
    EXPECT_EQ(rest.bytes, 0U);  // not even a 234
}
TEST_F(FtpSession, PlaintextBehindAuthCloses) {
    settings().require_tls_control = true;
    play(&injection);
}

net::Task<void> bare_lf(SessionStage& stage) {
    co_await stage.log_in();
    const std::string answer = co_await stage.ask("NOOP\nDELE a");
    EXPECT_EQ(answer.substr(0, 3), "500");
    const Peer::Rest rest = co_await stage.backend->rest();
    EXPECT_EQ(rest.bytes, 0U);
}
TEST_F(FtpSession, BareLfNeverReachesTheBackend) { play(&bare_lf); }

net::Task<void> broken_backend(SessionStage& stage) {
    co_await stage.log_in();
    co_await stage.client->send("PWD\r\n");
    co_await expect_backend(stage, "PWD");
    co_await stage.backend->send("this is no reply\r\n");
    co_await expect_answer(stage, "421");
}
TEST_F(FtpSession, BackendThatBreaksTheProtocolIs421) { play(&broken_backend); }

net::Task<void> pipelined(SessionStage& stage) {
    co_await stage.log_in();
    co_await stage.client->send("PWD\r\nPBSZ 0\r\nSYST\r\n");
    co_await expect_backend(stage, "PWD");
    co_await stage.backend->send("257 x\r\n");
    co_await expect_backend(stage, "SYST");
    co_await stage.backend->send("215 x\r\n");
    co_await expect_answer(stage, "257");
    co_await expect_answer(stage, "503");
    co_await expect_answer(stage, "215");
    co_await quit(stage);
}
TEST_F(FtpSession, PipelinedCommandsAreAnsweredInOrder) { play(&pipelined); }

}  // namespace
}  // namespace hsmfront::ftp::test
