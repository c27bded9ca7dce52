// What happens to the bytes when a transfer goes wrong. A cut is never clean: a download that is
// not whole ends without close_notify, an upload that is not whole ends in RST at the backend. A
// success reply comes after the bytes it speaks of.
#include "ftp_scene.hpp"

namespace hsmfront::test {
namespace {

class FtpIntegrity : public FtpScene {
  protected:
};

TEST_F(FtpIntegrity, DownloadArrivesWhole) {
    log_in();
    begin("RETR a");
    ASSERT_TRUE(behind.send(some()));
    behind.close();
    backend.reply("226 done");
    const auto got = data.rest();
    EXPECT_EQ(got.bytes, some());
    EXPECT_EQ(got.ending, Ending::close_notify);
    EXPECT_EQ(client->reply(), "226 done");
    EXPECT_TRUE(alive());
}

}  // namespace
}  // namespace hsmfront::test
