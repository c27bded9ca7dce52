// Context: without keys, after another one, and with hosts of their own.
#include "proxy/net/errc.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/test_ca.hpp"
#include "tls_fixture.hpp"

#include <gtest/gtest.h>
#include <openssl/x509.h>

namespace hsmfront::tls {
namespace {

using namespace test;
using namespace std::chrono_literals;

std::shared_ptr<const Context> context_of(
    const char* type,
    std::shared_ptr<Resumption> resumption = nullptr,
    std::vector<NamedContext> hosts = {},
    const config::Tls& policy = config::Tls()
) {
    auto key = make_key(type);
    auto chain = self_signed(key.get());
    std::vector<IdentityPtr> identities;
    identities.push_back(std::make_shared<const Identity>(Identity{
        type, std::move(chain), std::move(key)}));
    Context::Options options;
    options.tls = policy;
    options.protocol = "test";
    options.resumption = std::move(resumption);
    options.hosts = std::move(hosts);
    auto context = Context::create(options, identities);
    EXPECT_TRUE(context) << context.error().message;
    return *context;
}

struct Seen {
    error_code error;
    std::string failure;
    bool resumed = false;
};

net::Task<void> serve(net::Socket socket, std::shared_ptr<const Context> context, Seen& seen) {
    Stream stream(std::move(socket), std::move(context));
    seen.error = co_await stream.handshake(10s);
    seen.failure = stream.failure();
    seen.resumed = stream.info().resumed;
    if (!seen.error) {
        EXPECT_FALSE(co_await net::write_all(stream, std::string_view("data")));
        EXPECT_FALSE(co_await stream.shutdown_send());
    }
}

/// One connection; returns the newest session the client has, null if it was refused.
SessionPtr connect_once(
    const std::shared_ptr<const Context>& context, int version, SSL_SESSION* session, Seen& seen
) {
    OneShotServer server;
    SessionPtr newest;
    server.run(
        [&](net::Socket socket) { return serve(std::move(socket), context, seen); },
        [&] {
            Client client(version);
            // A TLS 1.3 client learns only from the first record that it was refused.
            if (client.connect(server.port(), session) && client.read_all() == "data") {
                client.shut_down();
                newest = client.tickets().empty() ? client.session()
                                                  : std::move(client.tickets().back());
            }
        }
    );
    return newest;
}

TEST(Context, WithoutKeysIsNeverAvailableAndRefusesAtOnce) {
    Context::Options options;
    options.protocol = "test";
    const auto context = Context::create(options, {});
    ASSERT_TRUE(context) << context.error().message;
    EXPECT_FALSE((*context)->available());
    EXPECT_TRUE((*context)->certificates().empty());
    Seen seen;
    EXPECT_FALSE(connect_once(*context, 0, nullptr, seen));
    EXPECT_EQ(seen.error, make_error_code(net::Errc::tls_failed));
    EXPECT_EQ(seen.failure, "no key to sign with yet, the HSM is away");
}

class Successor : public testing::TestWithParam<int> {};

INSTANTIATE_TEST_SUITE_P(Versions, Successor, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION));

TEST_P(Successor, ResumesSessionsOfThoseItSharesKeysWith) {
    const auto before = context_of("P-256");
    const auto after = context_of("P-256", before->resumption());
    const auto stranger = context_of("P-256");
    Seen seen;
    auto session = connect_once(before, GetParam(), nullptr, seen);
    ASSERT_TRUE(session);
    EXPECT_FALSE(seen.resumed);
    session = connect_once(after, GetParam(), session.get(), seen);
    ASSERT_TRUE(session);
    EXPECT_TRUE(seen.resumed);
    session = connect_once(stranger, GetParam(), session.get(), seen);
    EXPECT_FALSE(seen.resumed);
}

config::Tls asking(config::ClientCertificateMode mode, const std::filesystem::path& ca) {
    config::Tls policy;
    policy.client_certificate.mode = mode;
    policy.client_certificate.ca = ca;
    return policy;
}

TEST_P(Successor, ResumesNoSessionAroundADemandForCertificates) {
    using Mode = config::ClientCertificateMode;
    const hsmfront::test::TempDir folder;
    const auto one = folder.path() / "one.pem";
    const auto other = folder.path() / "other.pem";
    hsmfront::test::write_file(one, hsmfront::test::TestCa("one").pem());
    hsmfront::test::write_file(other, hsmfront::test::TestCa("other").pem());
    const auto before = context_of("P-256", nullptr, {}, asking(Mode::request, one));
    const auto same = context_of("P-256", before->resumption(), {}, asking(Mode::request, one));
    Seen seen;
    const auto session = connect_once(before, GetParam(), nullptr, seen);
    ASSERT_TRUE(session) << seen.failure;
    EXPECT_TRUE(connect_once(same, GetParam(), session.get(), seen));
    EXPECT_TRUE(seen.resumed);
    for (const auto& [mode, ca] :
         {std::pair{Mode::none, one}, {Mode::request, other}, {Mode::require, one}}) {
        const auto after = context_of("P-256", before->resumption(), {}, asking(mode, ca));
        static_cast<void>(connect_once(after, GetParam(), session.get(), seen));
        EXPECT_FALSE(seen.resumed);
        EXPECT_EQ(static_cast<bool>(seen.error), mode == Mode::require);
    }
}

TEST(Context, WithoutTheCaOfClientCertificatesIsNotMade) {
    const hsmfront::test::TempDir folder;
    const auto file = folder.path() / "ca.pem";
    Context::Options options;
    options.tls = asking(config::ClientCertificateMode::require, file);
    const auto missing = Context::create(options, {});
    ASSERT_FALSE(missing);
    EXPECT_EQ(
        missing.error().message,
        "tls.client_certificate.ca: certificates " + file.string() +
            ": No such file or directory; give a readable PEM file, or set "
            "tls.client_certificate.mode to none"
    );
    hsmfront::test::write_file(file, "no certificate\n");
    EXPECT_FALSE(Context::create(options, {}));
}

/// The type of the certificate that a client asking for `name` is shown.
std::string shown_for(const std::shared_ptr<const Context>& context, const std::string& name) {
    OneShotServer server;
    Seen seen;
    std::string type;
    server.run(
        [&](net::Socket socket) { return serve(std::move(socket), context, seen); },
        [&] {
            Client client;
            client.ask_for(name);
            ASSERT_TRUE(client.connect(server.port()));
            type = client.peer_key_type();
            EXPECT_EQ(client.read_all(), "data");
        }
    );
    return type;
}

TEST(Context, HostsAreFoundByExactNameThenByWildcard) {
    const auto context = context_of(
        "P-256",
        nullptr,
        {{"*.example.com", context_of("RSA")}, {"www.example.com", context_of("ED25519")}}
    );
    ASSERT_EQ(context->certificates().size(), 3U);
    EXPECT_EQ(context->certificates()[0].type, "P-256");
    EXPECT_EQ(shown_for(context, "www.example.com"), "ED25519");
    EXPECT_EQ(shown_for(context, "WWW.Example.COM"), "ED25519");
    EXPECT_EQ(shown_for(context, "ftp.example.com"), "RSA");
    EXPECT_EQ(shown_for(context, "a.b.example.com"), "EC");
    EXPECT_EQ(shown_for(context, "example.com"), "EC");
    EXPECT_EQ(shown_for(context, ""), "EC");
}

TEST(Context, FindsHostsWithoutAHandshakeToo) {
    const auto any = context_of("RSA");
    const auto www = context_of("ED25519");
    const auto context =
        context_of("P-256", nullptr, {{"*.example.com", any}, {"www.example.com", www}});
    EXPECT_EQ(context->host("WWW.example.com"), www);
    EXPECT_EQ(context->host("ftp.example.com"), any);
    EXPECT_EQ(context->host("example.com"), nullptr);
    EXPECT_EQ(context->host(""), nullptr);
    ASSERT_NE(context->find_host("ftp.example.com"), nullptr);
    EXPECT_EQ(context->find_host("ftp.example.com")->name, "*.example.com");
}

struct Chosen {
    std::shared_ptr<const Context> context;
    HandshakeInfo info;
    std::string shown;  ///< type of the certificate's key
};

net::Task<void> note_choice(
    net::Socket socket,
    std::shared_ptr<const Context> context,
    StreamOptions options,
    Chosen& chosen
) {
    Stream stream(std::move(socket), std::move(context), options);
    EXPECT_FALSE(co_await stream.handshake(10s)) << stream.failure();
    chosen.context = stream.context();
    chosen.info = stream.info();
    EXPECT_FALSE(co_await stream.shutdown_send());
}

Chosen connect_as(
    const std::shared_ptr<const Context>& context,
    const std::string& name,
    const StreamOptions& options = {}
) {
    OneShotServer server;
    Chosen chosen;
    server.run(
        [&](net::Socket socket) {
            return note_choice(std::move(socket), context, options, chosen);
        },
        [&] {
            Client client;
            client.ask_for(name);
            EXPECT_TRUE(client.connect(server.port()));
            chosen.shown = client.peer_key_type();
            EXPECT_EQ(client.read_all(), "");
        }
    );
    return chosen;
}

TEST(Context, TheStreamSaysWhichHostSniChose) {
    const auto www = context_of("ED25519");
    const auto context = context_of("P-256", nullptr, {{"*.example.com", www}});
    const Chosen named = connect_as(context, "www.example.com");
    EXPECT_EQ(named.context, www);
    EXPECT_EQ(named.info.server_name, "www.example.com");
    EXPECT_EQ(named.info.host, "*.example.com");
    for (const char* name : {"other.test", ""}) {
        const Chosen ours = connect_as(context, name);
        EXPECT_EQ(ours.context, context);
        EXPECT_EQ(ours.info.server_name, name);
        EXPECT_EQ(ours.info.host, "");
    }
}

TEST(Context, ADataConnectionKeepsItWhateverSniSays) {
    const auto www = context_of("ED25519");
    const auto context = context_of("P-256", nullptr, {{"www.example.com", www}});
    StreamOptions data;
    data.data_connection = true;
    for (const char* name : {"www.example.com", "other.test", ""}) {
        EXPECT_EQ(connect_as(context, name, data).shown, "EC") << name;
        EXPECT_EQ(connect_as(www, name, data).shown, "ED25519") << name;
    }
}

}  // namespace
}  // namespace hsmfront::tls
