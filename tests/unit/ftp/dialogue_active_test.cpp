// Dialogue: backends that open the data connections themselves.
#include "dialogue_script.hpp"

namespace hsmfront::ftp::test {
namespace {

using Kind = DataEvent::Kind;

class FtpActiveBackend : public DialogueScript {
  protected:
    FtpActiveBackend() {
        Policy policy = default_policy();
        policy.backend_data = config::BackendData::active;
        log_in(policy);
    }

    Words listening_at(const char* address) {
        return shown(dialogue_->on_backend_listening(net::tcp::endpoint{
            net::asio::ip::make_address(address), 4001}));
    }
};

TEST_F(FtpActiveBackend, IsToldWhereToConnect) {
    EXPECT_EQ(command("PASV"), (Words{"unlisten", "listen-backend"}));
    EXPECT_EQ(listening_at("127.0.0.1"), Words{"B EPRT |1|127.0.0.1|4001|"});
    EXPECT_EQ(reply("200 ok"), Words{"listen"});
    EXPECT_EQ(shown(dialogue_->on_listening(50000)), Words{"C+ 227"});
    EXPECT_EQ(command("RETR a"), Words{"download P from backend"});
    EXPECT_EQ(data(Kind::backend_connected), Words{"B RETR a"});
}

TEST_F(FtpActiveBackend, WithAnActiveClientToo) {
    EXPECT_EQ(command("EPRT |1|192.0.2.10|5000|"), (Words{"unlisten", "listen-backend"}));
    EXPECT_EQ(listening_at("::1"), Words{"B EPRT |2|::1|4001|"});
    EXPECT_EQ(reply("200 ok"), Words{"C+ 200"});
    EXPECT_EQ(command("STOR a"), Words{"upload P from backend to 5000"});
}

TEST_F(FtpActiveBackend, FallsBackToPortAndRemembers) {
    static_cast<void>(command("EPSV"));
    static_cast<void>(listening_at("127.0.0.1"));
    EXPECT_EQ(reply("500 what?"), Words{"B PORT 127,0,0,1,15,161"});
    EXPECT_EQ(reply("200 ok"), Words{"listen"});
    static_cast<void>(dialogue_->on_listening(50000));
    static_cast<void>(command("EPSV"));
    EXPECT_EQ(listening_at("127.0.0.1"), Words{"B PORT 127,0,0,1,15,161"});
}

TEST_F(FtpActiveBackend, PortIsForIpv4Only) {
    static_cast<void>(command("EPSV"));
    static_cast<void>(listening_at("::1"));
    EXPECT_EQ(reply("500 what?"), Words{"C 425"});
    EXPECT_EQ(command("RETR a"), Words{"C 425"});
}

TEST_F(FtpActiveBackend, NoPortForItIs425) {
    static_cast<void>(command("EPSV"));
    EXPECT_EQ(shown(dialogue_->on_backend_listening(std::nullopt)), Words{"C 425"});
    EXPECT_EQ(command("PWD"), Words{"B PWD"});
}

}  // namespace
}  // namespace hsmfront::ftp::test
