#include "tls_scene.hpp"

#include <openssl/objects.h>

#include <array>
#include <cstring>
#include <ostream>

namespace hsmfront::test {
namespace {

int connection_index() {
    static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return index;
}

TlsConnection& connection_of(const SSL* ssl) {
    return *static_cast<TlsConnection*>(
        SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), connection_index())
    );
}

/// A ServerHello whose random says that it is a HelloRetryRequest (RFC 8446 §4.1.3).
bool is_retry(const unsigned char* message, std::size_t size) {
    constexpr std::array<unsigned char, 8> begin{0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11};
    return size > 38 && std::memcmp(message + 6, begin.data(), begin.size()) == 0;
}

void note(int sent, int, int type, const void* bytes, std::size_t size, SSL* ssl, void*) {
    const auto* message = static_cast<const unsigned char*>(bytes);
    if (sent != 0 || size < 2) {
        return;
    }
    TlsConnection& connection = connection_of(ssl);
    if (type == SSL3_RT_ALERT) {
        connection.answer.alert = message[1];
    } else if (type == SSL3_RT_HANDSHAKE && *message == SSL3_MT_SERVER_HELLO &&
               is_retry(message, size) && !connection.offer.second_name.empty()) {
        SSL_set_tlsext_host_name(ssl, connection.offer.second_name.c_str());
    }
}

int keep_session(SSL* ssl, SSL_SESSION* session) {
    connection_of(ssl).answer.session = TlsSession(session, SSL_SESSION_free);
    return 1;
}

int asked_for_certificate(SSL* ssl, void*) {
    Answer& answer = connection_of(ssl).answer;
    answer.asked_for_certificate = true;
    const auto* names = SSL_get0_peer_CA_list(ssl);
    answer.authorities = names == nullptr ? 0 : sk_X509_NAME_num(names);
    return 1;
}

void set_lists(SSL_CTX* context, const Offer& offer) {
    const std::string ciphers = offer.ciphers.empty() ? "ALL:COMPLEMENTOFALL" : offer.ciphers;
    EXPECT_EQ(SSL_CTX_set_cipher_list(context, (ciphers + ":@SECLEVEL=0").c_str()), 1) << ciphers;
    if (!offer.suites.empty()) {
        EXPECT_EQ(SSL_CTX_set_ciphersuites(context, offer.suites.c_str()), 1) << offer.suites;
    }
    if (!offer.groups.empty()) {
        EXPECT_EQ(SSL_CTX_set1_groups_list(context, offer.groups.c_str()), 1) << offer.groups;
    }
    if (!offer.signatures.empty()) {
        EXPECT_EQ(SSL_CTX_set1_sigalgs_list(context, offer.signatures.c_str()), 1)
            << offer.signatures;
    }
    std::string wire;
    for (const std::string& protocol : offer.alpn) {
        wire += static_cast<char>(protocol.size()) + protocol;
    }
    if (!wire.empty()) {
        SSL_CTX_set_alpn_protos(
            context,
            reinterpret_cast<const unsigned char*>(wire.data()),
            static_cast<unsigned int>(wire.size())
        );
    }
}

SSL_CTX* make_context(const Offer& offer) {
    SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(context, offer.version != 0 ? offer.version : TLS1_2_VERSION);
    SSL_CTX_set_max_proto_version(context, offer.version);
    SSL_CTX_set_session_cache_mode(
        context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE
    );
    SSL_CTX_sess_set_new_cb(context, keep_session);
    SSL_CTX_set_msg_callback(context, note);
    SSL_CTX_set_options(context, offer.options);
    if (offer.fallback) {
        SSL_CTX_set_mode(context, SSL_MODE_SEND_FALLBACK_SCSV);
    }
    if (!offer.certificate.empty()) {
        EXPECT_EQ(SSL_CTX_use_certificate_chain_file(context, offer.certificate.c_str()), 1);
        EXPECT_EQ(SSL_CTX_use_PrivateKey_file(context, offer.key.c_str(), SSL_FILETYPE_PEM), 1);
    }
    SSL_CTX_set_cert_cb(context, asked_for_certificate, nullptr);
    set_lists(context, offer);
    return context;
}

void note_agreed(SSL* ssl, Answer& answer) {
    answer.version = SSL_get_version(ssl);
    answer.cipher = SSL_get_cipher_name(ssl);
    answer.resumed = SSL_session_reused(ssl) == 1;
    const int group = static_cast<int>(SSL_get_negotiated_group(ssl));
    answer.group = group == NID_undef ? "" : OBJ_nid2sn(group);
    int type = NID_undef;
    int digest = NID_undef;
    if (SSL_get_peer_signature_type_nid(ssl, &type) == 1 &&
        SSL_get_peer_signature_nid(ssl, &digest) == 1) {
        answer.signature = std::string(OBJ_nid2sn(type)) + " " + OBJ_nid2sn(digest);
    }
    if (X509* const certificate = SSL_get0_peer_certificate(ssl)) {
        answer.key = EVP_PKEY_get0_type_name(X509_get0_pubkey(certificate));
    }
    const unsigned char* alpn = nullptr;
    unsigned int length = 0;
    SSL_get0_alpn_selected(ssl, &alpn, &length);
    answer.alpn.assign(reinterpret_cast<const char*>(alpn), length);
}

}  // namespace

std::string to_string(Door door) {
    constexpr std::array names{"https", "ftps_explicit", "ftps_implicit"};
    return names.at(static_cast<std::size_t>(door));
}

void PrintTo(Door door, std::ostream* out) { *out << to_string(door); }

void PrintTo(const Answer& answer, std::ostream* out) {
    *out << (answer.accepted ? "accepted " : "refused ") << answer.version << ' ' << answer.cipher
         << ' ' << answer.group << ' ' << answer.signature << " alert " << answer.alert;
}

TlsScene::TlsScene() : token(scratch() / "token") {
    config.hsm.module = Token::module;
    config.hsm.token = Token::label;
    config.hsm.pin = std::string("{ value: \"") + Token::pin + "\" }";
    config.certificates = Material::get().certificates();
    config.ftp.alias = "[rsa, ec]";
    config.http.alias = "[rsa, ec]";
    config.ftp.backend_port = ports.next();  // nobody is there
    config.http.backend_port = config.ftp.backend_port;
    config.env = token.environment();
}

void TlsScene::take_keys_from_files() {
    config.hsm.present = false;
    config.ftp.hsm = false;
    config.http.hsm = false;
    config.certificates = Material::get().key_files();
}

std::uint16_t TlsScene::port(Door door) const {
    switch (door) {
        case Door::https:
            return config.http.port;
        case Door::ftps_explicit:
            return config.ftp.explicit_port;
        case Door::ftps_implicit:
            return config.ftp.implicit_port;
    }
    return 0;
}

std::unique_ptr<TlsConnection> TlsScene::connect(Door door, const Offer& offer) const {
    auto connection = std::make_unique<TlsConnection>(TlsConnection{offer});
    connection->context.reset(make_context(offer));
    SSL_CTX_set_ex_data(connection->context.get(), connection_index(), connection.get());
    connection->wire = Wire::connect("127.0.0.1", port(door));
    Wire& wire = connection->wire;
    if (door == Door::ftps_explicit) {
        EXPECT_THAT(wire.line(), ::testing::StartsWith("220"));
        if (!offer.host.empty()) {
            wire.send("HOST " + offer.host + "\r\n");
            EXPECT_THAT(wire.line(), ::testing::StartsWith("220"));
        }
        wire.send("AUTH TLS\r\n");
        EXPECT_THAT(wire.line(), ::testing::StartsWith("234"));
    }
    Answer& answer = connection->answer;
    answer.accepted = wire.secure(connection->context.get(), offer.session, offer.name);
    if (answer.accepted) {
        note_agreed(wire.ssl(), answer);
    }
    // In TLS 1.3 tickets, and the refusal of a client's certificate, come with the first bytes.
    if (answer.accepted && SSL_version(wire.ssl()) == TLS1_3_VERSION) {
        if (door == Door::https) {
            wire.send("GET / HTTP/1.0\r\n\r\n");
        }
        char byte = 0;
        answer.accepted = SSL_peek(wire.ssl(), &byte, 1) == 1;
    }
    return connection;
}

Answer TlsScene::ask(Door door, const Offer& offer) const {
    const auto connection = connect(door, offer);
    if (connection->answer.accepted) {
        connection->wire.send_close_notify();  // else OpenSSL gives the session up
    }
    return connection->answer;
}

std::vector<std::string> all_ciphers() {
    const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(
        SSL_CTX_new(TLS_client_method()), SSL_CTX_free
    );
    SSL_CTX_set_cipher_list(context.get(), "ALL:COMPLEMENTOFALL:@SECLEVEL=0");
    std::vector<std::string> names;
    const auto* all = SSL_CTX_get_ciphers(context.get());
    for (int i = 0; i < sk_SSL_CIPHER_num(all); ++i) {
        const std::string name = SSL_CIPHER_get_name(sk_SSL_CIPHER_value(all, i));
        // Those with shared secrets need one to be offered at all.
        if (!name.starts_with("TLS_") && name.find("PSK") == std::string::npos &&
            name.find("SRP") == std::string::npos) {
            names.push_back(name);
        }
    }
    return names;
}

}  // namespace hsmfront::test
