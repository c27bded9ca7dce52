// What the backend's end of a transfer can do to the bytes; see ftp_integrity_test.cpp.
#include "ftp_scene.hpp"

#include <thread>

namespace hsmfront::test {
namespace {

class FtpBackend : public FtpScene {
  protected:
    /// The backend's process dies: the kernel closes what it had open.
    void die() {
        behind.close();
        backend.control().close();
    }
    void expect_session_over() {
        EXPECT_THAT(client->reply(), StartsWith("421"));
        EXPECT_EQ(client->reply(), "<close_notify>");
    }
};

TEST_F(FtpBackend, RefusesTheTransferBefore150) {
    log_in();
    for (const char* command : {"RETR a", "STOR a"}) {
        for (const char* reply : {"550 no such file", "553 bad name", "450 busy"}) {
            const auto port = passive();
            data = client->connect_data(port);  // as clients do that do not wait
            order(command);
            backend.reply(reply);
            EXPECT_EQ(client->reply(), reply);
            EXPECT_EQ(data.rest().ending, Ending::reset);
            EXPECT_EQ(behind.rest().ending, Ending::reset);
        }
    }
    EXPECT_TRUE(alive());
}

TEST_F(FtpBackend, RefusesTheDownloadBehind150) {
    begin_download();
    backend.reply("550 changed my mind");
    EXPECT_EQ(client->reply(), "550 changed my mind");
    EXPECT_EQ(data.rest().ending, Ending::reset);
    EXPECT_TRUE(alive());
}

TEST_F(FtpBackend, RefusesTheUploadBehind150) {
    begin_upload();
    backend.reply("553 changed my mind");
    EXPECT_EQ(client->reply(), "553 changed my mind");
    EXPECT_EQ(behind.rest().ending, Ending::reset);
    EXPECT_NE(data.rest().ending, Ending::close_notify);
    EXPECT_TRUE(alive());
}

TEST_F(FtpBackend, DiskFullPassesThrough) {
    for (const char* reply : {"452 disk full", "552 quota exceeded"}) {
        begin_upload();
        behind.close();
        backend.reply(reply);
        EXPECT_EQ(client->reply(), reply);
        EXPECT_NE(data.rest().ending, Ending::close_notify);
        EXPECT_TRUE(alive());
    }
}

/// All bytes were taken, yet the file is not stored.
TEST_F(FtpBackend, DiskFullBehindTheLastBytePassesThrough) {
    begin_upload();
    data.finish();
    EXPECT_EQ(behind.rest().ending, Ending::fin);
    backend.reply("452 disk full");
    EXPECT_EQ(client->reply(), "452 disk full");
    EXPECT_TRUE(alive());
}

TEST_F(FtpBackend, ResetsTheDownload) {
    begin_download();
    behind.reset();
    EXPECT_EQ(data.rest().ending, Ending::reset);
    backend.reply("451 read error");
    EXPECT_EQ(client->reply(), "451 read error");
    EXPECT_TRUE(alive());
}

TEST_F(FtpBackend, ResetsTheDownloadAndCallsItASuccess) {
    begin_download();
    behind.reset();
    EXPECT_EQ(data.rest().ending, Ending::reset);
    backend.reply("226 done");
    EXPECT_THAT(client->reply(), StartsWith("426"));
    EXPECT_TRUE(alive());
}

TEST_F(FtpBackend, ResetsTheUploadAndCallsItASuccess) {
    begin_upload();
    behind.reset();
    while (data.send(some())) {  // until the proxy has seen it
    }
    backend.reply("226 done");
    EXPECT_THAT(client->reply(), StartsWith("426"));
    EXPECT_TRUE(alive());
}

/// FTP in stream mode ends a file with FIN, and so does a server that failed (RFC 959 §3.3).
TEST_F(FtpBackend, Rfc959_3_3_EarlyEndOfTheDownloadIsNotClean) {
    for (const char* reply : {"426 broken", "451 read error"}) {
        begin_download();
        behind.close();
        EXPECT_TRUE(data.silent()) << "the end before the backend called it one";
        backend.reply(reply);
        EXPECT_EQ(data.rest().ending, Ending::reset);
        EXPECT_EQ(client->reply(), reply);
        EXPECT_TRUE(alive());
    }
}

TEST_F(FtpBackend, StallsTheDownload) {
    config.ftp.extra = "timeouts: { data_stall: 300ms }\n";
    begin_download();
    EXPECT_EQ(data.rest().ending, Ending::reset);
    EXPECT_EQ(behind.rest().ending, Ending::reset);
    answer_abor();
    EXPECT_EQ(client->reply(), "426 broken");
    EXPECT_TRUE(alive());
}

TEST_F(FtpBackend, StallsTheUpload) {
    config.ftp.extra = "timeouts: { data_stall: 300ms }\n";
    begin_upload();
    std::thread sender([&] {
        while (data.send(some())) {  // until the proxy gives up
        }
    });
    EXPECT_EQ(backend.command(), "ABOR");
    sender.join();
    backend.reply("426 broken");
    backend.reply("226 aborted");
    EXPECT_THAT(client->reply(), StartsWith("426"));
    EXPECT_EQ(behind.rest().ending, Ending::reset);
    EXPECT_TRUE(alive());
}

TEST_F(FtpBackend, IsSilentBehindTheData) {
    config.ftp.extra = "timeouts: { idle: 500ms }\n";
    begin_download();
    behind.close();
    EXPECT_EQ(data.rest().ending, Ending::reset);
    expect_session_over();
}

TEST_F(FtpBackend, DiesBefore150) {
    log_in();
    const auto port = passive();
    data = client->connect_data(port);
    order("RETR a");
    die();
    EXPECT_EQ(data.rest().ending, Ending::reset);
    expect_session_over();
}

TEST_F(FtpBackend, DiesBetween150AndTheData) {
    log_in();
    begin("RETR a");
    die();
    EXPECT_EQ(data.rest().ending, Ending::reset);
    expect_session_over();
}

TEST_F(FtpBackend, DiesInTheMiddleOfADownload) {
    begin_download();
    die();
    EXPECT_EQ(data.rest().ending, Ending::reset);
    expect_session_over();
}

TEST_F(FtpBackend, DiesInTheMiddleOfAnUpload) {
    begin_upload();
    die();
    EXPECT_NE(data.rest().ending, Ending::close_notify);
    expect_session_over();
}

/// The bytes are all there, but nobody said so.
TEST_F(FtpBackend, DiesBetweenTheDataAndThe226) {
    begin_download();
    behind.close();
    EXPECT_TRUE(data.silent());
    backend.control().close();
    EXPECT_EQ(data.rest().ending, Ending::reset);
    expect_session_over();
}

TEST_F(FtpBackend, DiesBetweenTheUploadAndThe226) {
    begin_upload();
    data.finish();
    EXPECT_EQ(behind.rest().ending, Ending::fin);
    backend.control().close();
    expect_session_over();
}

TEST_F(FtpBackend, ControlConnectionResetInADownload) {
    begin_download();
    backend.control().reset();
    EXPECT_EQ(data.rest().ending, Ending::reset);
    EXPECT_EQ(behind.rest().ending, Ending::reset);
    expect_session_over();
}

TEST_F(FtpBackend, Says421InTheMiddle) {
    begin_download();
    backend.reply("421 going down");
    EXPECT_EQ(client->reply(), "421 going down");
    EXPECT_EQ(client->reply(), "<close_notify>");
    EXPECT_EQ(data.rest().ending, Ending::reset);
}

TEST_F(FtpBackend, Says226BeforeTheDownloadIsDelivered) {
    log_in();
    begin("RETR a");
    std::string file;
    for (int i = 0; i < 200; ++i) {
        file += some();  // more than the sockets between take
    }
    std::thread sender([&] {
        EXPECT_TRUE(behind.send(file));
        behind.close();
    });
    backend.reply("226 done");
    EXPECT_TRUE(client->control().silent()) << "a success that overtook its bytes";
    const auto got = data.rest();
    sender.join();
    EXPECT_TRUE(got.bytes == file);
    EXPECT_EQ(got.ending, Ending::close_notify);
    EXPECT_EQ(client->reply(), "226 done");
    EXPECT_TRUE(alive());
}

TEST_F(FtpBackend, Says226BeforeTheUploadArrived) {
    begin_upload();
    backend.reply("226 done");
    EXPECT_TRUE(client->control().silent()) << "a success that overtook its bytes";
    ASSERT_TRUE(data.send(some()));
    data.finish();
    const auto got = behind.rest();
    EXPECT_TRUE(got.bytes == some());
    EXPECT_EQ(got.ending, Ending::fin);
    behind.close();
    EXPECT_EQ(client->reply(), "226 done");
    EXPECT_TRUE(alive());
}

/// It stopped reading, called that a success, and what it did not read is lost.
TEST_F(FtpBackend, Says226AndDoesNotTakeTheUpload) {
    begin_upload();
    backend.reply("226 done");
    ASSERT_TRUE(front->logged("done before its end"));
    ASSERT_TRUE(data.send("more"));
    data.finish();
    EXPECT_TRUE(client->control().silent());
    behind.close();  // with bytes unread: RST
    EXPECT_THAT(client->reply(), StartsWith("426"));
    EXPECT_TRUE(alive());
}

TEST_F(FtpBackend, ClosesTheUploadEarlyAndSays226) {
    begin_upload();
    behind.close();
    backend.reply("226 done");
    ASSERT_TRUE(data.send("more"));
    data.finish();
    EXPECT_THAT(client->reply(), StartsWith("426"));
    EXPECT_TRUE(alive());
}

TEST_F(FtpBackend, SendsDataBefore150) {
    log_in();
    const auto port = passive();
    data = client->connect_data(port);
    order("RETR a");
    ASSERT_TRUE(behind.send(some()));
    behind.close();
    EXPECT_TRUE(data.silent()) << "data before the 150";
    backend.reply("150 here");
    backend.reply("226 done");
    EXPECT_EQ(client->reply(), "150 here");
    ASSERT_TRUE(client->secure_data(data));
    expect_some();
    EXPECT_TRUE(alive());
}

/// Clients wait for a 1yz before they start TLS, so one must come.
TEST_F(FtpBackend, NeverSends150) {
    log_in();
    const auto port = passive();
    order("RETR a");
    serve_some();
    EXPECT_THAT(client->reply(), StartsWith("1"));
    data = client->connect_data(port);
    ASSERT_TRUE(client->secure_data(data));
    expect_some();
    EXPECT_TRUE(alive());
}

TEST_F(FtpBackend, Sends125) {
    log_in();
    const auto port = passive();
    order("RETR a");
    backend.reply("125 already open");
    EXPECT_EQ(client->reply(), "125 already open");
    data = client->connect_data(port);
    ASSERT_TRUE(client->secure_data(data));
    serve_some();
    expect_some();
}

TEST_F(FtpBackend, RepliesTwiceToATransfer) {
    begin_download();
    backend.reply("226 done");
    backend.reply("226 really");
    EXPECT_THAT(client->reply(), StartsWith("421"));
    EXPECT_EQ(data.rest().ending, Ending::reset);
}

TEST_F(FtpBackend, RepliesTwiceBehindATransfer) {
    begin_download();
    behind.close();
    backend.reply("226 done");
    backend.reply("226 really");
    // The second is an answer to nothing: whether the session ends before or after the first was
    // passed on, the client never sees it.
    std::string reply = client->reply();
    if (reply == "226 done") {
        EXPECT_EQ(data.rest().ending, Ending::close_notify);
        reply = client->reply();
    }
    EXPECT_THAT(reply, StartsWith("421"));
}

TEST_F(FtpBackend, DataPortRefused) {
    log_in();
    static_cast<void>(passive());
    backend.data().close();
    EXPECT_THAT(client->ask("RETR a"), StartsWith("425"));
    EXPECT_TRUE(alive()) << "the backend saw the command";
}

TEST_F(FtpBackend, DataAddressOfSomebodyElseIsIgnored) {
    log_in();
    client->send("EPSV");
    EXPECT_EQ(backend.command(), "EPSV");
    backend.reply("229 ok (|1|10.1.2.3|" + std::to_string(backend.data_port()) + "|)");
    const std::string reply = client->reply();
    const auto port = passive_port_in(reply);
    ASSERT_NE(port, 0) << reply;
    order("RETR a");
}

}  // namespace
}  // namespace hsmfront::test
