// What the client's end of a transfer can do to the bytes, and the proxy's own. A cut is never
// clean: a download that is not whole ends without close_notify, an upload that is not whole ends
// in RST at the backend. A success reply comes after the bytes it speaks of.
#include "ftp_scene.hpp"

#include <csignal>
#include <thread>

namespace hsmfront::test {
namespace {

class FtpIntegrity : public FtpScene {
  protected:
    /// The backend never thinks that it has the whole file; the client is told.
    void expect_upload_cut(const std::string& code = "426") {
        EXPECT_EQ(behind.rest().ending, Ending::reset);
        answer_abor();
        EXPECT_THAT(client->reply(), StartsWith(code));
        EXPECT_TRUE(alive());
    }
    void expect_download_cut() {
        EXPECT_EQ(data.rest().ending, Ending::reset);
        answer_abor();
        EXPECT_THAT(client->reply(), StartsWith("426"));
        EXPECT_TRUE(alive());
    }
};

TEST_F(FtpIntegrity, DownloadArrivesWhole) {
    log_in();
    begin("RETR a");
    serve_some();
    expect_some();
    EXPECT_TRUE(alive());
}

TEST_F(FtpIntegrity, UploadArrivesWhole) {
    log_in();
    begin("STOR a");
    ASSERT_TRUE(data.send(some()));
    data.finish();
    const auto got = behind.rest();
    EXPECT_TRUE(got.bytes == some());
    EXPECT_EQ(got.ending, Ending::fin);
    EXPECT_TRUE(client->control().silent()) << "a success before the backend's";
    backend.reply("226 done");
    EXPECT_EQ(client->reply(), "226 done");
    EXPECT_EQ(data.rest().ending, Ending::close_notify);
    EXPECT_TRUE(alive());
}

TEST_F(FtpIntegrity, EmptyDownload) {
    log_in();
    begin("RETR a");
    behind.close();
    backend.reply("226 done");
    const auto got = data.rest();
    EXPECT_EQ(got.bytes, "");
    EXPECT_EQ(got.ending, Ending::close_notify);
    EXPECT_EQ(client->reply(), "226 done");
}

TEST_F(FtpIntegrity, EmptyUpload) {
    log_in();
    begin("STOR a");
    data.finish();
    const auto got = behind.rest();
    EXPECT_EQ(got.bytes, "");
    EXPECT_EQ(got.ending, Ending::fin);
    backend.reply("226 done");
    EXPECT_EQ(client->reply(), "226 done");
}

TEST_F(FtpIntegrity, ClientResetsAnUpload) {
    begin_upload();
    data.reset();
    expect_upload_cut();
}

TEST_F(FtpIntegrity, ClientResetsADownload) {
    begin_download();
    data.reset();
    while (behind.send(some())) {  // until the proxy has seen it
    }
    answer_abor();
    EXPECT_EQ(client->reply(), "426 broken");
    EXPECT_TRUE(alive());
}

TEST_F(FtpIntegrity, UploadWithoutCloseNotifyIsCut) {
    begin_upload();
    data.send_fin();
    expect_upload_cut();
}

TEST_F(FtpIntegrity, EmptyUploadWithoutCloseNotifyIsCut) {
    log_in();
    begin("STOR a");
    data.send_fin();
    expect_upload_cut();
}

TEST_F(FtpIntegrity, UploadWithoutCloseNotifyWhereThatIsAllowed) {
    config.ftp.data = "require_close_notify: false";
    begin_upload();
    data.send_fin();
    const auto got = behind.rest();
    EXPECT_EQ(got.bytes, "");
    EXPECT_EQ(got.ending, Ending::fin);
    backend.reply("226 done");
    EXPECT_EQ(client->reply(), "226 done");
}

TEST_F(FtpIntegrity, ResetIsNoEndEvenWhereCloseNotifyIsNotRequired) {
    config.ftp.data = "require_close_notify: false";
    begin_upload();
    data.reset();
    expect_upload_cut();
}

TEST_F(FtpIntegrity, RecordCutInTheMiddleIsNoEndEvenWhereCloseNotifyIsNotRequired) {
    config.ftp.data = "require_close_notify: false";
    const std::string record("\x17\x03\x03\x40\x00half a record", 18);
    for (const std::size_t length : {std::size_t{3}, std::size_t{5}, record.size()}) {
        log_in();
        begin("STOR a");
        data.send_raw(record.substr(0, length));
        data.send_fin();
        expect_upload_cut();
    }
}

TEST_F(FtpIntegrity, ClientStallsAnUpload) {
    config.ftp.extra = "timeouts: { data_stall: 300ms }\n";
    begin_upload();
    expect_upload_cut();
    EXPECT_NE(data.rest().ending, Ending::close_notify);
}

TEST_F(FtpIntegrity, ClientStallsADownload) {
    config.ftp.extra = "timeouts: { data_stall: 300ms }\n";
    begin_download();
    std::thread sender([&] {
        while (behind.send(some())) {  // until the proxy gives up
        }
    });
    EXPECT_EQ(backend.command(), "ABOR");
    backend.reply("426 broken");
    backend.reply("226 aborted");
    EXPECT_EQ(client->reply(), "426 broken");
    sender.join();
    EXPECT_EQ(data.rest().ending, Ending::reset);
    EXPECT_TRUE(alive());
}

TEST_F(FtpIntegrity, ClientNeverConnects) {
    config.ftp.extra = "timeouts: { data_connect: 300ms }\n";
    log_in();
    static_cast<void>(passive());
    order("STOR a");
    backend.reply("150 here");
    EXPECT_EQ(client->reply(), "150 here");
    expect_upload_cut("425");
}

TEST_F(FtpIntegrity, ClientStallsTheDataHandshake) {
    config.ftp.extra = "timeouts: { handshake: 300ms }\n";
    log_in();
    const auto port = passive();
    order("STOR a");
    backend.reply("150 here");
    EXPECT_EQ(client->reply(), "150 here");
    data = client->connect_data(port);
    expect_upload_cut("522");
}

TEST_F(FtpIntegrity, ClientsControlConnectionResetInAnUpload) {
    begin_upload();
    client->control().reset();
    EXPECT_EQ(behind.rest().ending, Ending::reset);
    EXPECT_EQ(backend.command(), "ABOR");
    EXPECT_NE(data.rest().ending, Ending::close_notify);
}

TEST_F(FtpIntegrity, ClientsControlConnectionClosedInAnUpload) {
    begin_upload();
    client->control().finish();
    EXPECT_EQ(behind.rest().ending, Ending::reset);
    EXPECT_EQ(backend.command(), "ABOR");
    EXPECT_NE(data.rest().ending, Ending::close_notify);
}

/// The client's machine is gone with all its connections, the data one closed cleanly: an upload
/// that was whole stays whole.
TEST_F(FtpIntegrity, ClientsControlConnectionLostBehindAWholeUpload) {
    begin_upload();
    data.finish();
    const auto got = behind.rest();
    EXPECT_EQ(got.ending, Ending::fin);
    client->control().reset();
    EXPECT_EQ(backend.command(), "ABOR");
}

TEST_F(FtpIntegrity, ClientsControlConnectionLostInADownload) {
    begin_download();
    client->control().reset();
    EXPECT_EQ(data.rest().ending, Ending::reset);
    EXPECT_EQ(backend.command(), "ABOR");
    EXPECT_EQ(behind.rest().ending, Ending::reset);
}

TEST_F(FtpIntegrity, BrokenLineInAnUploadCutsIt) {
    begin_upload();
    client->control().send("NOOP\nNOOP\r\n");
    EXPECT_EQ(behind.rest().ending, Ending::reset);
    EXPECT_THAT(client->reply(), StartsWith("500"));
    EXPECT_NE(data.rest().ending, Ending::close_notify);
}

TEST_F(FtpIntegrity, AborInADownloadCutsIt) {
    begin_download();
    client->send("ABOR");
    EXPECT_EQ(data.rest().ending, Ending::reset);
    EXPECT_EQ(behind.rest().ending, Ending::reset);
    answer_abor();
    EXPECT_EQ(client->reply(), "426 broken");
    EXPECT_EQ(client->reply(), "226 aborted");
    EXPECT_TRUE(alive());
}

TEST_F(FtpIntegrity, DrainLetsTheDownloadFinish) {
    config.drain = "60s";
    begin_download();
    front->process().signal(SIGTERM);
    ASSERT_TRUE(front->logged("stopping"));
    serve_some();
    expect_some();
    EXPECT_THAT(client->reply(), StartsWith("421"));
    EXPECT_EQ(front->process().wait(20s), 0);
}

TEST_F(FtpIntegrity, DrainLetsTheUploadFinish) {
    config.drain = "60s";
    begin_upload();
    front->process().signal(SIGTERM);
    ASSERT_TRUE(front->logged("stopping"));
    ASSERT_TRUE(data.send(some()));
    data.finish();
    const auto got = behind.rest();
    EXPECT_TRUE(got.bytes == some());
    EXPECT_EQ(got.ending, Ending::fin);
    backend.reply("226 done");
    EXPECT_EQ(client->reply(), "226 done");
    EXPECT_THAT(client->reply(), StartsWith("421"));
    EXPECT_EQ(front->process().wait(20s), 0);
}

TEST_F(FtpIntegrity, SecondSigtermCutsTheUpload) {
    config.drain = "60s";
    begin_upload();
    front->process().signal(SIGTERM);
    ASSERT_TRUE(front->logged("stopping"));
    front->process().signal(SIGTERM);
    EXPECT_EQ(behind.rest().ending, Ending::reset);
    EXPECT_NE(data.rest().ending, Ending::close_notify);
    EXPECT_THAT(client->reply(), Not(StartsWith("2")));
    EXPECT_TRUE(front->process().wait(20s));
}

TEST_F(FtpIntegrity, SecondSigtermCutsTheDownload) {
    config.drain = "60s";
    begin_download();
    front->process().signal(SIGTERM);
    ASSERT_TRUE(front->logged("stopping"));
    front->process().signal(SIGTERM);
    EXPECT_EQ(data.rest().ending, Ending::reset);
    EXPECT_THAT(client->reply(), Not(StartsWith("2")));
    EXPECT_TRUE(front->process().wait(20s));
}

TEST_F(FtpIntegrity, EndOfTheDrainTimeCutsTheUpload) {
    config.drain = "300ms";
    begin_upload();
    front->process().signal(SIGTERM);
    EXPECT_EQ(behind.rest().ending, Ending::reset);
    EXPECT_NE(data.rest().ending, Ending::close_notify);
    EXPECT_TRUE(front->process().wait(20s));
}

/// The kernel of a machine whose proxy dies closes its sockets: whatever the backend then sees, the
/// download must not look whole.
TEST_F(FtpIntegrity, KilledProxyLeavesNoWholeDownload) {
    begin_download();
    front->process().signal(SIGKILL);
    EXPECT_NE(data.rest().ending, Ending::close_notify);
    front.reset();
}

}  // namespace
}  // namespace hsmfront::test
