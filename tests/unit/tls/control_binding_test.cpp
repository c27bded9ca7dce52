// What ties an FTP data connection to its control connection: session ids, the extended master
// secret, ALPN. Tickets and their tags have session_tag_test.cpp.
#include "proxy/tls/control_binding.hpp"

#include "proxy/net/errc.hpp"
#include "tls_fixture.hpp"

#include <gtest/gtest.h>

namespace hsmfront::tls {
namespace {

using namespace test;
using namespace std::chrono_literals;

struct Served {
    error_code error;
    std::string failure;
    HandshakeInfo info;
    ControlBinding binding;
};

net::Task<void> serve(
    net::Socket socket,
    std::shared_ptr<const Context> context,
    StreamOptions options,
    Served& served
) {
    Stream stream(std::move(socket), std::move(context), options);
    served.error = co_await stream.handshake(10s);
    served.failure = stream.failure();
    served.info = stream.info();
    if (served.error) {
        co_return;
    }
    served.binding = stream.binding();
    EXPECT_FALSE(co_await net::write_all(stream, std::string_view("data")));
    EXPECT_FALSE(co_await stream.shutdown_send());
    std::array<char, 16> buffer{};
    static_cast<void>(co_await net::read_some(stream, buffer));
}

struct Asked {
    int version = TLS1_2_VERSION;
    std::uint64_t ssl_options = SSL_OP_NO_TICKET;
    SSL_SESSION* session = nullptr;
    const char* alpn = nullptr;
    const char* name = "";
    bool cut = false;  ///< closes without close_notify
};

struct Connection {
    Served served;
    SessionPtr session;  ///< null: the handshake failed
    std::string alpn;
};

Connection connect_once(
    const std::shared_ptr<const Context>& context, const StreamOptions& options, const Asked& asked
) {
    OneShotServer server;
    Connection connection;
    server.run(
        [&](net::Socket socket) {
            return serve(std::move(socket), context, options, connection.served);
        },
        [&] {
            Client client(asked.version, asked.alpn);
            SSL_set_options(client.native(), asked.ssl_options);
            client.ask_for(asked.name);
            // The client's library changes the object: a renewed ticket, or a bad end.
            const SessionPtr copy{asked.session ? SSL_SESSION_dup(asked.session) : nullptr};
            if (!client.connect(server.port(), copy.get())) {
                return;
            }
            EXPECT_EQ(client.read_all(), "data");
            if (asked.cut) {
                client.cut();
            } else {
                client.shut_down();
            }
            connection.session = client.session();
            const unsigned char* alpn = nullptr;
            unsigned int length = 0;
            SSL_get0_alpn_selected(client.native(), &alpn, &length);
            connection.alpn.assign(reinterpret_cast<const char*>(alpn), length);
        }
    );
    return connection;
}

StreamOptions control() {
    StreamOptions options;
    options.tag = SessionTag::random();
    options.kept_rings = std::make_shared<KeptRings>();
    return options;
}

StreamOptions data(const ControlBinding& binding) {
    StreamOptions options;
    options.tag = binding.tag;
    options.control_session = binding.session;
    options.kept_rings = binding.kept_rings;
    options.data_connection = true;
    return options;
}

unsigned int id_length(SSL_SESSION* session) {
    unsigned int length = 0;
    SSL_SESSION_get_id(session, &length);
    return length;
}

class SessionIds : public testing::Test {
  protected:
    SessionIds() { control_ = connect_once(context_, control(), {}); }

    [[nodiscard]] Connection resume(const StreamOptions& options, bool cut = false) const {
        Asked asked;
        asked.session = control_.session.get();
        asked.cut = cut;
        return connect_once(context_, options, asked);
    }

    std::shared_ptr<const Context> context_ = ftp_context();
    Connection control_;
};

TEST_F(SessionIds, AClientWithoutTicketsIsGivenOne) {
    ASSERT_TRUE(control_.session);
    EXPECT_EQ(id_length(control_.session.get()), 32U);
    EXPECT_EQ(SSL_SESSION_has_ticket(control_.session.get()), 0);
}

TEST_F(SessionIds, ADataConnectionResumesItsControlSession) {
    for (int i = 0; i < 3; ++i) {
        const Connection connection = resume(data(control_.served.binding));
        ASSERT_FALSE(connection.served.error) << connection.served.failure;
        EXPECT_TRUE(connection.served.info.resumed);
    }
}

TEST_F(SessionIds, ADataConnectionDoesNotResumeAnotherControlSession) {
    const Connection other = connect_once(context_, control(), {});
    const Connection connection = resume(data(other.served.binding));
    ASSERT_FALSE(connection.served.error) << connection.served.failure;
    EXPECT_FALSE(connection.served.info.resumed);
}

TEST_F(SessionIds, AControlConnectionResumesNone) {
    const Connection connection = resume(control());
    ASSERT_FALSE(connection.served.error) << connection.served.failure;
    EXPECT_FALSE(connection.served.info.resumed);
}

TEST_F(SessionIds, ADataConnectionCutOffDoesNotSpoilTheControlSession) {
    EXPECT_TRUE(resume(data(control_.served.binding), true).served.info.resumed);
    EXPECT_TRUE(resume(data(control_.served.binding)).served.info.resumed);
}

TEST_F(SessionIds, TheControlSessionStaysFreshWhileItStands) {
    SSL_SESSION* session = control_.served.binding.session.get();
    SSL_SESSION_set_time(session, SSL_SESSION_get_time(session) - 30 * 24 * 3600L);
    EXPECT_TRUE(resume(data(control_.served.binding)).served.info.resumed);
}

TEST_F(SessionIds, NothingIsKeptInTheContext) {
    static_cast<void>(resume(data(control_.served.binding)));
    static_cast<void>(connect_once(context_, control(), {}));
    EXPECT_EQ(SSL_CTX_sess_number(context_->native()), 0);
}

TEST_F(SessionIds, ClientsWithTicketsGetTicketsOnly) {
    Asked asked;
    asked.ssl_options = 0;
    const Connection first = connect_once(context_, control(), asked);
    ASSERT_TRUE(first.session);
    EXPECT_EQ(SSL_SESSION_has_ticket(first.session.get()), 1);
    asked.session = first.session.get();
    const Connection second = connect_once(context_, data(first.served.binding), asked);
    EXPECT_TRUE(second.served.info.resumed);
}

TEST(SessionIdsElsewhere, AreNotGiven) {
    const Connection connection = connect_once(file_context(), control(), {});
    ASSERT_TRUE(connection.session);
    EXPECT_EQ(id_length(connection.session.get()), 0U);
}

TEST(ExtendedMasterSecret, ItsAbsenceIsSeen) {
    Asked asked;
    const auto context = ftp_context();
    EXPECT_TRUE(connect_once(context, control(), asked).served.binding.extended_master_secret);
    asked.ssl_options |= SSL_OP_NO_EXTENDED_MASTER_SECRET;
    EXPECT_FALSE(connect_once(context, control(), asked).served.binding.extended_master_secret);
    asked.version = TLS1_3_VERSION;
    EXPECT_TRUE(connect_once(context, control(), asked).served.binding.extended_master_secret);
}

TEST(ExtendedMasterSecret, ASessionThatHasItIsNotResumedWithout) {
    for (const std::uint64_t tickets : {std::uint64_t{0}, std::uint64_t{SSL_OP_NO_TICKET}}) {
        const auto context = ftp_context();
        Asked asked;
        asked.ssl_options = tickets;
        const Connection first = connect_once(context, control(), asked);
        ASSERT_TRUE(first.session);
        asked.session = first.session.get();
        asked.ssl_options |= SSL_OP_NO_EXTENDED_MASTER_SECRET;
        const Connection second = connect_once(context, data(first.served.binding), asked);
        EXPECT_EQ(second.served.error, make_error_code(net::Errc::tls_failed));
        EXPECT_EQ(second.served.failure, "inconsistent extms");
    }
}

TEST(DataAlpn, TakesWhatRealClientsSend) {
    const auto context = ftp_context();
    const Connection first = connect_once(context, control(), {});
    for (const char* offered : {"ftp-data", "ftp"}) {
        Asked asked;
        asked.alpn = offered;
        EXPECT_EQ(connect_once(context, data(first.served.binding), asked).alpn, offered);
    }
    EXPECT_EQ(connect_once(context, data(first.served.binding), {}).alpn, "");
}

TEST(DataAlpn, StaysStrict) {
    const auto context = ftp_context();
    Asked asked;
    asked.alpn = "ftp-data";
    const Connection on_control = connect_once(context, control(), asked);
    EXPECT_EQ(
        on_control.served.failure, R"(the client offers ALPN "ftp-data", the server takes "ftp")"
    );
    asked.alpn = "http/1.1";
    const Connection on_data = connect_once(context, data(on_control.served.binding), asked);
    EXPECT_EQ(
        on_data.served.failure,
        R"(the client offers ALPN "http/1.1", the server takes "ftp-data", "ftp")"
    );
}

/// TLS 1.2 must not be resumed under another name (RFC 6066 §3), except by a data connection that
/// is tied to its control session otherwise.
TEST(SniOnResumption, AnotherNameIsAnotherSession) {
    const auto context = ftp_context({{"www.example.com", ftp_context()}});
    Asked asked;
    asked.ssl_options = 0;
    asked.name = "www.example.com";
    const Connection first = connect_once(context, control(), asked);
    ASSERT_TRUE(first.session);
    asked.session = first.session.get();
    EXPECT_TRUE(connect_once(context, control(), asked).served.info.resumed);
    for (const char* name : {"other.example.com", ""}) {
        asked.name = name;
        EXPECT_FALSE(connect_once(context, control(), asked).served.info.resumed) << name;
        EXPECT_TRUE(connect_once(context, data(first.served.binding), asked).served.info.resumed)
            << name;
    }
}

}  // namespace
}  // namespace hsmfront::tls
