// Sessions of clients behind a balancer, and backends that are told the client, over loopback.
#include "proxy/ftp/relayed_data.hpp"
#include "session_stage.hpp"

#include <gmock/gmock.h>

namespace hsmfront::ftp::test {
namespace {

using namespace std::chrono_literals;
using testing::MatchesRegex;
using testing::StartsWith;

class FtpRelayed : public SessionStage {
  protected:
    /// The client is 192.0.2.1 and dialled 192.0.2.9, 127.0.0.9 is the balancer.
    FtpRelayed() {
        using net::asio::ip::make_address;
        client_header = net::ProxiedAddresses{
            {make_address("192.0.2.1"), 1000}, {make_address("192.0.2.9"), 21}};
        balancers =
            std::make_shared<net::Balancers>(net::Balancers{net::Networks({"127.0.0.9"}), 50ms});
    }
};

constexpr std::string_view header_of_client = "PROXY TCP4 192.0.2.1 192.0.2.9 5 6\r\n";

/// Begins a download, whose data connection is still to come.
net::Task<std::uint16_t> begin_download(SessionStage& stage) {
    const std::uint16_t data_port = co_await stage.passive();
    co_await stage.client->send("RETR a\r\n");
    Peer behind = co_await stage.accept_backend_data();
    stage.backend_data = std::make_unique<Peer>(std::move(behind));
    const std::string relayed = co_await stage.backend->line();
    EXPECT_EQ(relayed, "RETR a");
    co_await stage.backend->send("150 here\r\n");
    const std::string preliminary = co_await stage.client->line();
    EXPECT_EQ(preliminary, "150 here");
    co_return data_port;
}

net::Task<void> end_download(SessionStage& stage, Peer& data) {
    co_await stage.backend_data->send("secret");
    stage.backend_data->close();
    co_await stage.backend->send("226 done\r\n");
    const Peer::Rest rest = co_await data.rest();
    EXPECT_TRUE(rest.clean);
    EXPECT_EQ(rest.bytes, 6U);
    const std::string done = co_await stage.client->line();
    EXPECT_THAT(done, StartsWith("226"));
    stage.client->close();
}

net::Task<void> others_come_first(SessionStage& stage) {
    co_await stage.log_in();
    const std::uint16_t data_port = co_await begin_download(stage);
    Peer direct = co_await stage.connect(data_port, "127.0.0.2");
    co_await direct.send(header_of_client);
    Peer silent = co_await stage.connect(data_port, "127.0.0.9");
    Peer garbled = co_await stage.connect(data_port, "127.0.0.9");
    co_await garbled.send("GET / HTTP/1.1\r\n");
    Peer unknown = co_await stage.connect(data_port, "127.0.0.9");
    co_await unknown.send("PROXY UNKNOWN\r\n");
    Peer thief = co_await stage.connect(data_port, "127.0.0.9");
    co_await thief.send("PROXY TCP4 192.0.2.2 192.0.2.9 5 6\r\n");
    Peer right = co_await stage.connect(data_port, "127.0.0.9");
    co_await right.send(header_of_client);
    co_await end_download(stage, right);
    for (Peer* peer : {&direct, &silent, &garbled, &unknown, &thief}) {
        const Peer::Rest rest = co_await peer->rest();
        EXPECT_EQ(rest.bytes, 0U);
    }
}
TEST_F(FtpRelayed, WaitsForTheClientsHeaderPastAllOthers) { play(&others_come_first); }

net::Task<void> abort_while_reading(SessionStage& stage) {
    co_await stage.log_in();
    const std::uint16_t data_port = co_await begin_download(stage);
    Peer silent = co_await stage.connect(data_port, "127.0.0.9");
    co_await silent.send("PROXY ");
    stage.client->reset();
    const Peer::Rest rest = co_await silent.rest();
    EXPECT_EQ(rest.bytes, 0U);
}
TEST_F(FtpRelayed, HangUpEndsTheWaitForAHeader) {
    balancers = std::make_shared<net::Balancers>(net::Balancers{
        net::Networks({"127.0.0.9"}), net::milliseconds(1min)});
    play(&abort_while_reading);
}

net::Task<void> dialled_address(SessionStage& stage) {
    co_await stage.log_in();
    co_await stage.client->send("PASV\r\n");
    const std::string asked = co_await stage.backend->line();
    EXPECT_EQ(asked, "EPSV");
    co_await stage.backend->send("229 ok (|||50000|)\r\n");
    const std::string answer = co_await stage.client->line();
    EXPECT_THAT(answer, testing::HasSubstr("(192,0,2,9,"));
    stage.client->close();
}
TEST_F(FtpRelayed, PasvTellsTheAddressThatWasDialled) { play(&dialled_address); }

/// The balancer speaks IPv6 to the client and IPv4 to us.
net::Task<void> ipv6_over_ipv4(SessionStage& stage) {
    co_await stage.log_in();
    const std::string pasv = co_await stage.ask("PASV");
    EXPECT_THAT(pasv, StartsWith("425")) << "PASV has no room for the address";
    const std::uint16_t data_port = co_await begin_download(stage);
    Peer data = co_await stage.connect(data_port, "127.0.0.9");
    co_await data.send("PROXY TCP6 2001:db8::1 2001:db8::9 5 6\r\n");
    co_await end_download(stage, data);
}
TEST_F(FtpRelayed, ClientsOnIpv6ComeOverIpv4) {
    using net::asio::ip::make_address;
    client_header = net::ProxiedAddresses{
        {make_address("2001:db8::1"), 1000}, {make_address("2001:db8::9"), 21}};
    play(&ipv6_over_ipv4);
}

TEST(FtpActiveSource, IsOursUnlessOfTheOtherFamily) {
    using net::asio::ip::make_address;
    const auto v4 = make_address("192.0.2.9");
    const auto v6 = make_address("2001:db8::9");
    EXPECT_EQ(active_source(v4, make_address("192.0.2.1")), v4);
    EXPECT_EQ(active_source(v6, make_address("2001:db8::1")), v6);
    EXPECT_EQ(active_source(v4, make_address("2001:db8::1")), make_address("::"));
    EXPECT_EQ(active_source(v6, make_address("192.0.2.1")), make_address("0.0.0.0"));
}

class FtpToldBackend : public SessionStage {};

net::Task<void> told_in_version_one(SessionStage& stage) {
    Peer front = co_await stage.connect(stage.port(), "127.0.0.2");
    stage.client = std::make_unique<Peer>(std::move(front));
    Peer behind = co_await stage.accept_backend();
    const std::string header = co_await behind.line();
    const std::string expected =
        "PROXY TCP4 127\\.0\\.0\\.2 127\\.0\\.0\\.1 [0-9]+ " + std::to_string(stage.port());
    EXPECT_THAT(header, MatchesRegex(expected));
    stage.client->close();
}
TEST_F(FtpToldBackend, GetsAHeaderBeforeItsGreeting) {
    settings().proxy_protocol.control = config::ProxyVersion::v1;
    play(&told_in_version_one);
}

net::Task<void> told_on_data(SessionStage& stage) {
    co_await stage.log_in();
    co_await stage.start("RETR a");
    const std::string header = co_await stage.backend_data->line();
    EXPECT_THAT(header, StartsWith("PROXY TCP4 127.0.0.1 127.0.0.1 "));
    stage.client->close();
}
TEST_F(FtpToldBackend, GetsAHeaderOnDataConnectionsToo) {
    settings().proxy_protocol.data = config::ProxyVersion::v1;
    play(&told_on_data);
}

}  // namespace
}  // namespace hsmfront::ftp::test
