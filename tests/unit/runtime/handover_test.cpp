// What one process gives to another, over the socket pair.
#include "proxy/runtime/handover.hpp"

#include "proxy/runtime/inherited_sockets.hpp"

#include <gmock/gmock.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace hsmfront::runtime {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

/// Bound to a free port of 127.0.0.1.
net::Descriptor bound_socket() {
    net::Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return socket;
}

net::tcp::endpoint address_of_socket(const net::Descriptor& socket) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    EXPECT_EQ(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    return {net::asio::ip::address_v4::loopback(), ntohs(address.sin_port)};
}

std::string text_of_secret(const certs::Secret& secret) {
    return {secret.bytes().begin(), secret.bytes().end()};
}

class HandoverTest : public ::testing::Test {
  protected:
    HandoverTest() : HandoverTest(*HandoverChannel::make_pair()) {}

    HandoverChannel old_one;
    HandoverChannel new_one;

  private:
    explicit HandoverTest(std::pair<net::Descriptor, net::Descriptor>&& ends)
        : old_one(std::move(ends.first)), new_one(std::move(ends.second)) {}
};

TEST_F(HandoverTest, EverythingArrives) {
    Handover given;
    given.sockets.push_back(bound_socket());
    const auto address = address_of_socket(given.sockets.front());
    given.protocols = {"ftp", "http"};
    given.typed_pin = certs::Secret("123456");
    given.pin_variables.emplace("PIN", certs::Secret("98\n76"));
    const auto key = tls::TicketKey::random();
    const auto until = tls::TicketKeys::Clock::from_time_t(2'000'000'000);
    given.ticket_keys.push_back({key, until});
    ASSERT_FALSE(old_one.give(given));

    auto taken = new_one.take();
    ASSERT_TRUE(taken);
    EXPECT_THAT(taken->protocols, ElementsAre("ftp", "http"));
    EXPECT_EQ(text_of_secret(taken->typed_pin), "123456");
    EXPECT_EQ(text_of_secret(taken->pin_variables.at("PIN")), "98\n76");
    ASSERT_EQ(taken->ticket_keys.size(), 1U);
    EXPECT_TRUE(std::ranges::equal(taken->ticket_keys.front().key->all(), key->all()));
    EXPECT_EQ(taken->ticket_keys.front().until, until);
    given.sockets.clear();
    InheritedSockets sockets(std::move(taken->sockets));
    EXPECT_EQ(sockets.take(address).size(), 1U);
    EXPECT_TRUE(sockets.take(address).empty()) << "given away twice";
}

TEST_F(HandoverTest, NothingButWhatIsThere) {
    ASSERT_FALSE(old_one.give({}));
    const auto taken = new_one.take();
    ASSERT_TRUE(taken);
    EXPECT_TRUE(taken->sockets.empty());
    EXPECT_TRUE(taken->typed_pin.empty());
    EXPECT_TRUE(taken->ticket_keys.empty());
}

TEST_F(HandoverTest, WordsGoBothWays) {
    ASSERT_FALSE(new_one.say(HandoverChannel::Word::ready, "17 1.2.3"));
    const auto heard = old_one.wait(10s, {});
    ASSERT_TRUE(heard);
    EXPECT_EQ(heard->word, HandoverChannel::Word::ready);
    EXPECT_EQ(heard->text, "17 1.2.3");
    EXPECT_EQ(new_one.hear().error(), boost::system::errc::operation_would_block);
    ASSERT_FALSE(old_one.say(HandoverChannel::Word::go));
    EXPECT_EQ(new_one.hear()->word, HandoverChannel::Word::go);
}

TEST_F(HandoverTest, EndOfTheOtherIsToldApartFromSilence) {
    EXPECT_EQ(old_one.wait(1ms, {}).error(), boost::system::errc::timed_out);
    { const HandoverChannel gone = std::move(new_one); }
    EXPECT_EQ(old_one.wait(10s, {}).error(), boost::system::errc::connection_reset);
    EXPECT_TRUE(old_one.say(HandoverChannel::Word::go)) << "and no SIGPIPE";
}

TEST_F(HandoverTest, StopEndsTheWait) {
    std::stop_source stop;
    std::thread other([&] { stop.request_stop(); });
    EXPECT_EQ(old_one.wait(60s, stop.get_token()).error(), boost::system::errc::operation_canceled);
    other.join();
    EXPECT_EQ(new_one.hear().error(), boost::system::errc::connection_reset);
}

/// A program of another kind, or of another time.
TEST_F(HandoverTest, OtherWordsAreRefused) {
    for (const std::string_view words : {"hello", "vhsmfront-handover/2", "pftp"}) {
        ASSERT_EQ(::send(old_one.fd(), words.data(), words.size(), 0), std::ssize(words));
        EXPECT_EQ(new_one.take().error(), boost::system::errc::protocol_error) << words;
    }
    ASSERT_EQ(::send(old_one.fd(), "?", 1, 0), 1);
    EXPECT_EQ(new_one.hear().error(), boost::system::errc::protocol_error);
}

TEST_F(HandoverTest, WrongPartsAreRefused) {
    for (const std::string_view part : {"kshort", "enonul", "l", "x"}) {
        const std::string_view greeting = "vhsmfront-handover/1";
        ASSERT_EQ(::send(old_one.fd(), greeting.data(), greeting.size(), 0), std::ssize(greeting));
        ASSERT_EQ(::send(old_one.fd(), part.data(), part.size(), 0), std::ssize(part));
        EXPECT_EQ(new_one.take().error(), boost::system::errc::protocol_error) << part;
    }
}

TEST(InheritedSockets, AreFoundByTheirAddress) {
    auto socket = bound_socket();
    const auto address = address_of_socket(socket);
    std::vector<net::Descriptor> given;
    given.push_back(*net::Descriptor::duplicate_of(socket.get()));
    given.push_back(std::move(socket));
    given.push_back(bound_socket());
    const auto other = address_of_socket(given.back());
    InheritedSockets sockets(std::move(given));
    EXPECT_TRUE(sockets.take(net::tcp::endpoint(net::tcp::v4(), address.port())).empty())
        << "0.0.0.0 is another address";
    EXPECT_EQ(sockets.take(address).size(), 2U);
    EXPECT_FALSE(sockets.take(std::filesystem::path("/none")));
    EXPECT_THAT(sockets.close_rest(), ElementsAre("127.0.0.1:" + std::to_string(other.port())));
}

}  // namespace
}  // namespace hsmfront::runtime
