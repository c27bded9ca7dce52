// HandshakeFailure: each cause from a handshake that really fails by it, in words and in counters.
#include "proxy/tls/handshake_failure.hpp"

#include "certs/errc.hpp"
#include "proxy/tls/handshake_counters.hpp"
#include "proxy/tls/handshake_watch.hpp"
#include "tls_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509_vfy.h>

#include <array>
#include <csignal>
#include <fcntl.h>
#include <set>
#include <sys/socket.h>

namespace hsmfront::tls {
namespace {

using namespace test;
using namespace std::chrono_literals;
using namespace std::string_literals;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Cause = HandshakeCause;

struct Failed {
    std::string cause;  ///< its label; "none" if the handshake was done
    std::string words;
    std::string line;
};

net::Task<void> try_handshake(
    net::Socket socket,
    std::shared_ptr<const Context> context,
    net::milliseconds limit,
    Failed& seen
) {
    HandshakeCounters counters;
    StreamOptions options;
    options.counters = &counters;
    Stream stream(std::move(socket), std::move(context), std::move(options));
    const error_code ec = co_await stream.handshake(limit);
    EXPECT_EQ(static_cast<bool>(ec), stream.cause().has_value());
    seen.cause = stream.cause() ? label(*stream.cause()) : "none";
    seen.words = stream.failure();
    seen.line = stream.failure_line();
    const HandshakeTotals totals = counters.totals();
    for (std::size_t i = 0; i < totals.failed.size(); ++i) {
        const bool this_one = stream.cause() == static_cast<Cause>(i);
        EXPECT_EQ(totals.failed[i], this_one ? 1U : 0U) << label(static_cast<Cause>(i));
    }
}

using Play = std::function<void(Client&, std::uint16_t port)>;

/// How the handshake of a client that does `play` fails.
Failed failure_of(
    const std::shared_ptr<const Context>& context,
    const Play& play,
    net::milliseconds limit = 10s,
    int version = 0
) {
    std::signal(SIGPIPE, SIG_IGN);  // as the proxy does: OpenSSL writes to who has left
    OneShotServer server;
    Failed seen;
    server.run(
        [&](net::Socket socket) { return try_handshake(std::move(socket), context, limit, seen); },
        [&] {
            Client client(version);
            play(client, server.port());
        }
    );
    return seen;
}

void read_to_end(int fd) {
    ::fcntl(fd, F_SETFL, 0);
    std::array<char, 256> ignored{};
    while (::recv(fd, ignored.data(), ignored.size(), 0) > 0) {
    }
}

/// Sends `bytes` and waits for the end.
Play sends(const std::string& bytes) {
    return [bytes](Client& client, std::uint16_t port) {
        ASSERT_TRUE(client.connect_tcp(port));
        EXPECT_EQ(
            ::send(client.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(bytes.size())
        );
        read_to_end(client.fd());
    };
}

/// A handshake that must not succeed, after `change`.
Play tries(const std::function<void(SSL*)>& change) {
    return [change](Client& client, std::uint16_t port) {
        change(client.native());
        EXPECT_FALSE(
            client.connect(port) && client.read_all().empty() &&
            SSL_get_shutdown(client.native()) == SSL_RECEIVED_SHUTDOWN
        );
    };
}

struct ClearText {
    std::string bytes;
    const char* cause;
    const char* words;
};

TEST(ClearText, IsToldForWhatItIs) {
    const auto context = file_context();
    for (const auto& [bytes, cause, words] : std::vector<ClearText>{
             {"GET / HTTP/1.1\r\n\r\n", "plain_http", "must use https"},
             {"DELETE / HTTP/1.1\r\n\r\n", "plain_http", "must use https"},
             {"CONNECT a:443 HTTP/1.1\r\n", "plain_http", "to be its proxy"},
             {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "plain_http2", "prior knowledge"},
             {"PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\n", "proxy_header", "accept_from"},
             {"\r\n\r\n\0\r\nQUIT\n\x21\x11"s, "proxy_header", "accept_from"},
             {"USER ann\r\n", "plain_text", "plain FTP where TLS should begin"},
             {"FEAT\r\n", "plain_text", "tls: explicit"},
             {"SSH-2.0-OpenSSH_9.2\r\n", "plain_text", "SSH on a TLS port"},
             {"EHLO a.example\r\n", "plain_text", "SMTP on a TLS port"},
             {"hello\n", "plain_text", "begins with \"hello\""},
             {"\x01\x02\"\\\xff and more", "not_tls", R"(begins with "\x01\x02\x22\x5c\xff")"},
             {std::string(9, '\0'), "not_tls", R"(begins with "\x00\x00\x00\x00\x00")"}}) {
        const Failed seen = failure_of(context, sends(bytes));
        EXPECT_EQ(seen.cause, cause) << bytes;
        EXPECT_THAT(seen.words, HasSubstr(words)) << bytes;
        EXPECT_EQ(seen.line, "TLS handshake failed ("s + cause + "): " + seen.words);
    }
}

/// A record with a ClientHello of `version` and nothing but one cipher.
std::string old_hello(char major, char minor) {
    const std::string body =
        std::string{major, minor} + std::string(32, 'r') + "\0"s + "\0\2\xc0\x2f"s + "\1\0"s;
    const auto size = static_cast<char>(body.size());
    return "\x16\3\1\0"s + static_cast<char>(body.size() + 4) + "\1\0\0"s + size + body;
}

TEST(HandshakeVersion, OldOnesAreToldByName) {
    const auto context = file_context();
    for (const auto& [bytes, name] : std::vector<std::pair<std::string, std::string>>{
             {old_hello(3, 0), "SSL 3"},
             {old_hello(3, 1), "TLS 1.0"},
             {old_hello(3, 2), "TLS 1.1"},
             {"\x80\x1c\1\0\2\0\3\0\0\0\x10\1\0\x80"s + std::string(16, 'c'), "SSL 2"}}) {
        const Failed seen = failure_of(context, sends(bytes));
        EXPECT_EQ(seen.cause, "unsupported_version") << name;
        EXPECT_THAT(
            seen.words,
            HasSubstr("the client offers " + name + ", the server takes TLS 1.2 to TLS 1.3")
        );
    }
}

TEST(HandshakeVersion, AllThatAreOfferedAreTold) {
    config::Tls policy;
    policy.min_version = config::TlsVersion::tls1_3;
    const auto key = std::make_shared<ThreadKey>(make_key("P-256"), certs::KeyType::ec);
    const auto only_tls13 = [](SSL* ssl) {
        SSL_set_security_level(ssl, 0);
        SSL_set_min_proto_version(ssl, TLS1_1_VERSION);
        SSL_set_max_proto_version(ssl, TLS1_2_VERSION);
    };
    const Failed seen = failure_of(context_with(key, policy), tries(only_tls13));
    EXPECT_EQ(seen.cause, "unsupported_version");
    EXPECT_THAT(seen.words, HasSubstr("offers TLS 1.2, the server takes TLS 1.3"));
}

TEST(HandshakeMismatch, ShowsBothSidesLists) {
    const auto context = file_context();
    const Failed cipher = failure_of(context, tries([](SSL* ssl) {
                                         SSL_set_max_proto_version(ssl, TLS1_2_VERSION);
                                         SSL_set_cipher_list(ssl, "AES128-SHA");
                                     }));
    EXPECT_EQ(cipher.cause, "no_shared_cipher");
    EXPECT_THAT(cipher.words, HasSubstr("the client offers ciphers AES128-SHA, groups none, "));
    EXPECT_THAT(cipher.words, HasSubstr("; the server takes ciphers TLS_AES_"));

    const Failed group = failure_of(context, tries([](SSL* ssl) {
                                        SSL_set_min_proto_version(ssl, TLS1_3_VERSION);
                                        SSL_set1_groups_list(ssl, "ffdhe2048:P-521");
                                    }));
    EXPECT_EQ(group.cause, "no_shared_group");
    EXPECT_THAT(group.words, HasSubstr("groups ffdhe2048:secp521r1, "));

    const Failed signature =
        failure_of(context, tries([](SSL* ssl) { SSL_set1_sigalgs_list(ssl, "RSA-PSS+SHA256"); }));
    EXPECT_EQ(signature.cause, "no_shared_signature_algorithm");
    EXPECT_THAT(signature.words, HasSubstr("signature algorithms rsa_pss_rsae_sha256;"));
}

TEST(HandshakeRefusal, TheClientDoesNotTrustUs) {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        const auto verify = [](SSL* ssl) { SSL_set_verify(ssl, SSL_VERIFY_PEER, nullptr); };
        const Failed seen = failure_of(file_context(), tries(verify), 10s, version);
        EXPECT_EQ(seen.cause, "certificate_refused");
        EXPECT_THAT(seen.words, HasSubstr("does not trust our certificate: it sent alert 48"));
    }
}

TEST(HandshakeRefusal, TheClientBreaksOff) {
    const auto break_off = [](Client& client, std::uint16_t port) {
        ASSERT_TRUE(client.say_hello(port));
        EXPECT_EQ(::send(client.fd(), "\x15\3\3\0\2\2\x28", 7, MSG_NOSIGNAL), 7);
        read_to_end(client.fd());
    };
    const Failed seen = failure_of(file_context(), break_off, 10s, TLS1_2_VERSION);
    EXPECT_EQ(seen.cause, "client_alert");
    EXPECT_THAT(seen.words, HasSubstr("alert 40 (handshake failure)"));
}

TEST(HandshakeRefusal, AlpnAndNamesAreQuoted) {
    config::Tls policy;
    policy.strict_sni = true;
    const auto key = std::make_shared<ThreadKey>(make_key("P-256"), certs::KeyType::ec);
    const auto context = context_with(key, policy, {"ftp"});
    const auto offers = [](const std::string& wire) {
        return tries([wire](SSL* ssl) {
            SSL_set_alpn_protos(
                ssl,
                reinterpret_cast<const unsigned char*>(wire.data()),
                static_cast<unsigned int>(wire.size())
            );
        });
    };
    const Failed alpn = failure_of(context, offers("\2h2\4a\"\nb"));
    EXPECT_EQ(alpn.cause, "no_shared_alpn");
    EXPECT_EQ(alpn.words, R"(the client offers ALPN "h2", "a\x22\x0ab", the server takes "ftp")");
    std::string many;
    for (int i = 0; i < 20; ++i) {
        many += "\1x";
    }
    EXPECT_THAT(failure_of(context, offers(many)).words, HasSubstr("\"x\", ..., the server"));

    const Failed name =
        failure_of(context, tries([](SSL* ssl) { SSL_set_tlsext_host_name(ssl, "a\n\"b"); }));
    EXPECT_EQ(name.cause, "unknown_server_name");
    EXPECT_THAT(name.words, StartsWith(R"(the client asks for "a\x0a\x22b" (SNI))"));
}

TEST(HandshakeSilence, IsTimedOutOrGone) {
    const auto context = file_context();
    const std::string half = old_hello(3, 3).substr(0, 20);
    const Failed silent = failure_of(context, sends(""), 50ms);
    EXPECT_EQ(silent.cause, "timed_out");
    EXPECT_THAT(silent.words, HasSubstr("within 50 ms; the client fell silent before it sent any"));
    EXPECT_THAT(
        failure_of(context, sends(half), 50ms).words, HasSubstr("after 20 bytes, before its")
    );
    const auto leave = [](Client& client, std::uint16_t port) {
        ASSERT_TRUE(client.connect_tcp(port));
        client.cut();
    };
    EXPECT_EQ(failure_of(context, leave).cause, "client_gone_before_hello");
    const auto leave_late = [](Client& client, std::uint16_t port) {
        ASSERT_TRUE(client.say_hello(port));
        client.cut();
    };
    EXPECT_EQ(failure_of(context, leave_late).cause, "client_gone");
}

TEST(HandshakeMalformed, IsNotTakenForAnotherCause) {
    const Failed record =
        failure_of(file_context(), sends("\x16\3\1\xff\xff"s + std::string(100, 'x')));
    EXPECT_EQ(record.cause, "malformed");
    EXPECT_FALSE(record.words.empty());
}

struct SignatureCase {
    certs::Errc error;
    const char* cause;
};

TEST(HandshakeSignature, TellsWhatBecameOfIt) {
    for (const bool at_once : {true, false}) {
        for (const auto& [error, cause] :
             {SignatureCase{certs::Errc::queue_full, "hsm_busy"},
              SignatureCase{certs::Errc::token_unavailable, "hsm_away"},
              SignatureCase{certs::Errc::signature_failed, "signature_failed"},
              SignatureCase{certs::Errc::timed_out, "signature_timed_out"},
              SignatureCase{certs::Errc::stopped, "stopped"}}) {
            const auto key = std::make_shared<ThreadKey>(make_key("P-256"), certs::KeyType::ec);
            key->refuse = at_once;
            key->refusal = make_error_code(error);
            key->answer = at_once ? error_code{} : make_error_code(error);
            const Failed seen = failure_of(context_with(key), tries([](SSL*) {}));
            EXPECT_EQ(seen.cause, cause);
            EXPECT_THAT(seen.words, HasSubstr(make_error_code(error).message()));
        }
    }
}

TEST(HandshakeSignature, ASlowHsmIsNotTheClientsFault) {
    const auto key = std::make_shared<ThreadKey>(make_key("P-256"), certs::KeyType::ec);
    key->hold();
    const Failed seen = failure_of(context_with(key), tries([](SSL*) {}), 100ms);
    EXPECT_EQ(seen.cause, "signature_timed_out");
    EXPECT_THAT(seen.words, HasSubstr("had not signed after 100 ms"));
}

TEST(HandshakeSignature, WithoutAKeyTheHsmIsAway) {
    Context::Options options;
    options.protocol = "test";
    const auto context = Context::create(options, {});
    ASSERT_TRUE(context);
    EXPECT_EQ(failure_of(*context, tries([](SSL*) {})).cause, "hsm_away");
}

TEST(ClientCertificateCause, IsTheVerdict) {
    EXPECT_EQ(certificate_cause(X509_V_ERR_CERT_REVOKED), Cause::client_certificate_revoked);
    EXPECT_EQ(certificate_cause(X509_V_ERR_CERT_HAS_EXPIRED), Cause::client_certificate_expired);
    EXPECT_EQ(certificate_cause(X509_V_ERR_CERT_NOT_YET_VALID), Cause::client_certificate_expired);
    EXPECT_EQ(
        certificate_cause(X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY),
        Cause::client_certificate_untrusted
    );
    EXPECT_EQ(certificate_cause(X509_V_ERR_INVALID_PURPOSE), Cause::client_certificate_invalid);
    EXPECT_EQ(certificate_cause(X509_V_ERR_CRL_HAS_EXPIRED), Cause::client_certificate_invalid);
}

TEST(HandshakeCause, LabelsAreDistinctNames) {
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < handshake_cause_count; ++i) {
        const auto name = label(static_cast<Cause>(i));
        EXPECT_TRUE(seen.insert(name).second) << name;
        EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_2"), std::string_view::npos);
    }
    EXPECT_EQ(label(Cause::internal), "internal");
}

TEST(InQuotes, HasNoByteThatALogCouldMistake) {
    EXPECT_EQ(in_quotes("a b"), "\"a b\"");
    EXPECT_EQ(
        in_quotes("\n\x1b[31m\" x=\"\\\x7f\xc3\xa4"s),
        R"("\x0a\x1b[31m\x22 x=\x22\x5c\x7f\xc3\xa4")"
    );
    EXPECT_EQ(in_quotes(std::string(65, 'a')), "\"" + std::string(64, 'a') + "...\"");
}

TEST(OfferedVersions, OfBytesThatAreNoHelloAreNone) {
    EXPECT_TRUE(offered_versions({}).empty());
    const std::string whole = old_hello(3, 3).substr(5);
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const auto* begin = reinterpret_cast<const unsigned char*>(whole.data());
        EXPECT_LE(offered_versions({begin, size}).size(), 1U) << size;
    }
}

}  // namespace
}  // namespace hsmfront::tls
