#include "proxy/tls/session_tag.hpp"

#include "tls_fixture.hpp"

#include <gtest/gtest.h>

namespace hsmfront::tls {
namespace {

using namespace test;
using namespace std::chrono_literals;

struct Seen {
    bool resumed = false;
    std::size_t tickets = 0;
};

net::Task<void> serve_data(
    net::Socket socket, std::shared_ptr<const Context> context, StreamOptions options, Seen& seen
) {
    Stream stream(std::move(socket), std::move(context), options);
    const error_code ec = co_await stream.handshake(10s);
    EXPECT_FALSE(ec) << stream.failure();
    seen.resumed = stream.info().resumed;
    EXPECT_FALSE(co_await net::write_all(stream, std::string_view("data")));
    EXPECT_FALSE(co_await stream.shutdown_send());
    std::array<char, 16> buffer{};
    static_cast<void>(co_await net::read_some(stream, buffer));
}

/// One connection; returns the newest ticket the client got.
SessionPtr connect_once(
    const std::shared_ptr<const Context>& context,
    const StreamOptions& options,
    int version,
    SSL_SESSION* session,
    Seen& seen
) {
    OneShotServer server;
    SessionPtr ticket;
    server.run(
        [&](net::Socket socket) { return serve_data(std::move(socket), context, options, seen); },
        [&] {
            Client client(version);
            ASSERT_TRUE(client.connect(server.port(), session));
            EXPECT_EQ(client.read_all(), "data");
            client.shut_down();
            seen.tickets = client.tickets().size();
            if (version == TLS1_2_VERSION) {
                ticket = client.session();
            } else if (!client.tickets().empty()) {
                ticket = std::move(client.tickets().back());
            }
        }
    );
    return ticket;
}

class SessionTagTest : public testing::TestWithParam<int> {
  protected:
    std::shared_ptr<const Context> context_ = file_context();
    SessionTag tag_ = SessionTag::random();

    [[nodiscard]] static StreamOptions control(const SessionTag& tag) {
        return {tag, false, true, false};
    }
    [[nodiscard]] static StreamOptions data(const SessionTag& tag, bool tickets) {
        return {tag, true, tickets, true};
    }
};

TEST_P(SessionTagTest, DataConnectionResumesItsOwnControlSession) {
    Seen seen;
    const auto ticket = connect_once(context_, control(tag_), GetParam(), nullptr, seen);
    ASSERT_NE(ticket, nullptr);
    static_cast<void>(connect_once(context_, data(tag_, true), GetParam(), ticket.get(), seen));
    EXPECT_TRUE(seen.resumed);
}

TEST_P(SessionTagTest, DataConnectionDoesNotResumeAnotherControlSession) {
    Seen seen;
    const auto ticket = connect_once(context_, control(tag_), GetParam(), nullptr, seen);
    ASSERT_NE(ticket, nullptr);
    const SessionTag other = SessionTag::random();
    static_cast<void>(connect_once(context_, data(other, true), GetParam(), ticket.get(), seen));
    EXPECT_FALSE(seen.resumed);
}

TEST_P(SessionTagTest, ResumedControlSessionHandsItsNewTagOn) {
    Seen seen;
    const auto first = connect_once(context_, control(tag_), GetParam(), nullptr, seen);
    ASSERT_NE(first, nullptr);
    const SessionTag next = SessionTag::random();
    const auto second = connect_once(context_, control(next), GetParam(), first.get(), seen);
    EXPECT_TRUE(seen.resumed);
    ASSERT_NE(second, nullptr);
    static_cast<void>(connect_once(context_, data(next, true), GetParam(), second.get(), seen));
    EXPECT_TRUE(seen.resumed);
}

TEST_P(SessionTagTest, UploadDataConnectionSendsNoTicket) {
    Seen seen;
    const auto ticket = connect_once(context_, control(tag_), GetParam(), nullptr, seen);
    ASSERT_NE(ticket, nullptr);
    static_cast<void>(connect_once(context_, data(tag_, false), GetParam(), ticket.get(), seen));
    EXPECT_TRUE(seen.resumed);
    EXPECT_EQ(seen.tickets, 0U);
}

std::string ticket_of(const SSL_SESSION* session) {
    const unsigned char* bytes = nullptr;
    std::size_t size = 0;
    SSL_SESSION_get0_ticket(session, &bytes, &size);
    return {reinterpret_cast<const char*>(bytes), size};
}

// Renewal in TLS 1.2 makes OpenSSL's clients drop the session they have, without a callback.
TEST(SessionTagTickets, Tls12DownloadLeavesTheClientsTicket) {
    const auto context = file_context();
    const SessionTag tag = SessionTag::random();
    Seen seen;
    const auto before =
        connect_once(context, {tag, false, true, false}, TLS1_2_VERSION, nullptr, seen);
    ASSERT_NE(before, nullptr);
    const std::string ticket = ticket_of(before.get());
    const auto after =
        connect_once(context, {tag, true, true, true}, TLS1_2_VERSION, before.get(), seen);
    EXPECT_TRUE(seen.resumed);
    ASSERT_NE(after, nullptr);
    EXPECT_EQ(ticket_of(after.get()), ticket);
}

INSTANTIATE_TEST_SUITE_P(
    Versions,
    SessionTagTest,
    testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
    [](const auto& instance) { return instance.param == TLS1_2_VERSION ? "Tls12" : "Tls13"; }
);

net::Task<void> serve_control(
    net::Socket socket, std::shared_ptr<const Context> context, SessionTag tag, int fresh
) {
    StreamOptions options;
    options.tag = tag;
    Stream stream(std::move(socket), std::move(context), options);
    EXPECT_FALSE(co_await stream.handshake(10s));
    for (int i = 0; i < fresh; ++i) {
        stream.queue_ticket();
        EXPECT_FALSE(co_await net::write_all(stream, std::string_view("229 \r\n")));
    }
    EXPECT_FALSE(co_await stream.shutdown_send());
    std::array<char, 16> buffer{};
    static_cast<void>(co_await net::read_some(stream, buffer));
}

/// TLS 1.3 clients of OpenSSL's use a ticket once; those of TLS 1.2 go back to the same session.
TEST(SessionTagTickets, ManyDataConnectionsResumeTheSameTls12Session) {
    const auto context = file_context();
    const SessionTag tag = SessionTag::random();
    Seen seen;
    const auto ticket =
        connect_once(context, {tag, false, true, false}, TLS1_2_VERSION, nullptr, seen);
    ASSERT_NE(ticket, nullptr);
    for (int i = 0; i < 3; ++i) {
        static_cast<void>(
            connect_once(context, {tag, true, true, true}, TLS1_2_VERSION, ticket.get(), seen)
        );
        EXPECT_TRUE(seen.resumed) << i;
    }
}

TEST(SessionTagTickets, AFreshOneGoesOutWithEachReply) {
    const auto context = file_context();
    const SessionTag tag = SessionTag::random();
    OneShotServer server;
    std::deque<SessionPtr> tickets;
    server.run(
        [&](net::Socket socket) { return serve_control(std::move(socket), context, tag, 5); },
        [&] {
            Client client(TLS1_3_VERSION);
            ASSERT_TRUE(client.connect(server.port()));
            static_cast<void>(client.read_all());
            client.shut_down();
            tickets = std::move(client.tickets());
        }
    );
    ASSERT_EQ(tickets.size(), 2U + 5U);
    for (const auto& ticket : tickets) {
        Seen seen;
        static_cast<void>(
            connect_once(context, {tag, true, false, true}, TLS1_3_VERSION, ticket.get(), seen)
        );
        EXPECT_TRUE(seen.resumed);
    }
}

}  // namespace
}  // namespace hsmfront::tls
