// Sessions whose ticket keys are rotated away, and sessions in the cache, as connections meet them.
#include "proxy/tls/resumption.hpp"

#include "tls_fixture.hpp"

#include <gtest/gtest.h>

namespace hsmfront::tls {
namespace {

using namespace test;
using namespace std::chrono_literals;

struct Server {
    error_code error;
    bool resumed = false;
    ControlBinding binding;
};

net::Task<void> serve(
    net::Socket socket,
    std::shared_ptr<const Context> context,
    StreamOptions options,
    bool cut,
    Server& server
) {
    Stream stream(std::move(socket), std::move(context), std::move(options));
    server.error = co_await stream.handshake(10s);
    server.resumed = stream.info().resumed;
    if (server.error) {
        co_return;
    }
    if (stream.options().tag) {
        server.binding = stream.binding();
    }
    EXPECT_FALSE(co_await net::write_all(stream, std::string_view("data")));
    if (!cut) {
        EXPECT_FALSE(co_await stream.shutdown_send());
    }
}

struct Attempt {
    SSL_SESSION* session = nullptr;
    StreamOptions options = {};
    std::string name = {};
    bool cut = false;  ///< the server ends without close_notify
};

class Resuming : public testing::Test {
  protected:
    /// The newest session that the client has; null: the handshake failed.
    SessionPtr connect(const Attempt& attempt) {
        OneShotServer one;
        SessionPtr newest;
        server = {};
        one.run(
            [&](net::Socket socket) {
                return serve(std::move(socket), context, attempt.options, attempt.cut, server);
            },
            [&] {
                Client client(version);
                SSL_set_options(client.native(), client_options);
                client.ask_for(attempt.name);
                const SessionPtr copy(
                    attempt.session == nullptr ? nullptr : SSL_SESSION_dup(attempt.session)
                );
                if (client.connect(one.port(), copy.get()) && client.read_all() == "data") {
                    newest = client.tickets().empty() ? client.session()
                                                      : std::move(client.tickets().back());
                }
            }
        );
        EXPECT_FALSE(server.error);
        EXPECT_TRUE(newest);
        return newest;
    }
    bool resumes(const SessionPtr& session, Attempt attempt = {}) {
        attempt.session = session.get();
        static_cast<void>(connect(attempt));
        return server.resumed;
    }

    [[nodiscard]] static StreamOptions control() {
        StreamOptions options;
        options.tag = SessionTag::random();
        options.kept_rings = std::make_shared<KeptRings>();
        return options;
    }
    [[nodiscard]] static StreamOptions data(const ControlBinding& binding) {
        StreamOptions options;
        options.tag = binding.tag;
        options.control_session = binding.session;
        options.kept_rings = binding.kept_rings;
        options.data_connection = true;
        return options;
    }
    void rotate_keys_away() {
        for (int i = 0; i < 2; ++i) {
            now_ += 5h;
            context->resumption()->tickets.refresh(now_);
        }
    }
    SessionCache& cache() { return context->resumption()->cache; }

    std::shared_ptr<const Context> context = ftp_context();
    int version = TLS1_2_VERSION;
    std::uint64_t client_options = 0;
    Server server;

  private:
    TicketKeys::Time now_ = TicketKeys::Clock::now();
};

class RotatedKeys : public Resuming, public testing::WithParamInterface<int> {
  protected:
    RotatedKeys() { version = GetParam(); }
};

INSTANTIATE_TEST_SUITE_P(Versions, RotatedKeys, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION));

TEST_P(RotatedKeys, OlderOnesDecryptAndTheNewestIsHandedOut) {
    const auto first = connect({});
    const auto old_ring = context->resumption()->tickets.ring();
    context->resumption()->tickets.refresh(TicketKeys::Clock::now() + 3h);
    EXPECT_EQ(context->resumption()->tickets.ring()->keys().size(), 2U);
    Attempt again;
    again.session = first.get();
    const auto second = connect(again);
    EXPECT_TRUE(server.resumed);
    const unsigned char* ticket = nullptr;
    std::size_t size = 0;
    SSL_SESSION_get0_ticket(second.get(), &ticket, &size);
    ASSERT_GE(size, TicketKey::name_size);
    EXPECT_EQ(old_ring->find(TicketKey::Name(ticket, TicketKey::name_size)), nullptr);
}

TEST_P(RotatedKeys, AreForgottenByOrdinaryConnections) {
    const auto session = connect({});
    EXPECT_TRUE(resumes(session));
    rotate_keys_away();
    EXPECT_FALSE(resumes(session)) << "and a full handshake it is";
}

TEST_P(RotatedKeys, OpenTheTicketsOfTheirControlSessionOnItsDataConnections) {
    const auto session = connect({nullptr, control()});
    const auto binding = server.binding;
    rotate_keys_away();
    EXPECT_TRUE(resumes(session, {nullptr, data(binding)}));
    EXPECT_FALSE(resumes(session, {nullptr, control()}));
    const auto other = connect({nullptr, control()});
    EXPECT_FALSE(resumes(session, {nullptr, data(server.binding)}));
    EXPECT_TRUE(resumes(session, {nullptr, data(binding)}));
}

TEST_P(RotatedKeys, OpenTheNewestTicketToo) {
    auto session = connect({nullptr, control()});
    const auto binding = server.binding;
    for (int i = 0; i < 3; ++i) {
        rotate_keys_away();
        session = connect({session.get(), data(binding)});
        EXPECT_TRUE(server.resumed) << i;
    }
}

class CachedSessions : public Resuming {
  protected:
    CachedSessions() {
        client_options = SSL_OP_NO_TICKET;
        cache().resize(1 << 20);
    }
};

TEST_F(CachedSessions, AreResumedByTheirId) {
    const auto session = connect({});
    EXPECT_EQ(cache().size(), 1U);
    EXPECT_TRUE(resumes(session));
    EXPECT_TRUE(resumes(session)) << "again";
    EXPECT_EQ(cache().size(), 1U);
    cache().remove(session_id(session.get()));
    EXPECT_FALSE(resumes(session));
}

TEST_F(CachedSessions, SurviveAnEndWithoutCloseNotify) {
    Attempt attempt;
    attempt.cut = true;
    const auto session = connect(attempt);
    EXPECT_TRUE(resumes(session, attempt));
    EXPECT_TRUE(resumes(session));
}

TEST_F(CachedSessions, AreNotThoseOfDataConnections) {
    const auto session = connect({nullptr, control()});
    const auto binding = server.binding;
    ASSERT_EQ(cache().size(), 1U);
    static_cast<void>(connect({nullptr, data(binding)}));
    EXPECT_FALSE(server.resumed);
    EXPECT_EQ(cache().size(), 1U);
    EXPECT_TRUE(resumes(session, {nullptr, data(binding)}));
    const auto other = connect({nullptr, control()});
    EXPECT_EQ(cache().size(), 2U);
    EXPECT_FALSE(resumes(other, {nullptr, data(binding)})) << "cached, but not its control session";
    EXPECT_TRUE(resumes(other, {nullptr, control()}));
}

TEST_F(CachedSessions, AreNotThoseOfClientsWithTickets) {
    client_options = 0;
    static_cast<void>(connect({}));
    version = TLS1_3_VERSION;
    static_cast<void>(connect({}));
    client_options = SSL_OP_NO_TICKET;
    static_cast<void>(connect({}));
    EXPECT_EQ(cache().size(), 0U);
}

TEST_F(CachedSessions, AreNotResumedUnderAnotherName) {
    context = ftp_context({{"www.example.com", ftp_context()}});
    cache().resize(1 << 20);
    Attempt attempt;
    attempt.name = "other.example.com";
    const auto session = connect(attempt);
    EXPECT_TRUE(resumes(session, attempt));
    attempt.name = "another.example.com";
    EXPECT_FALSE(resumes(session, attempt));
    EXPECT_FALSE(resumes(session));
}

TEST_F(CachedSessions, OfOneContextAreAnothersThatSharesTheCacheAndTheName) {
    const auto session = connect({});
    const auto resumption = context->resumption();
    context = ftp_context({{"www.example.com", context}});
    ASSERT_EQ(context->resumption(), resumption);
    EXPECT_TRUE(resumes(session));
}

}  // namespace
}  // namespace hsmfront::tls
