#include "proxy/tls/client_certificates.hpp"

#include "certs/errc.hpp"
#include "proxy/tls/allow_list.hpp"
#include "proxy/tls/certificate_names.hpp"
#include "proxy/tls/handshake_failure.hpp"
#include "proxy/tls/openssl_error.hpp"
#include "proxy/tls/stream.hpp"

#include <openssl/err.h>
#include <openssl/x509.h>

#include <ctime>

namespace hsmfront::tls {
namespace {

/// Bytes of a subject that a log line shows.
constexpr std::size_t longest_subject = 256;

/// Sent as the alert certificate_unknown, as all errors that OpenSSL's table of alerts leaves out:
/// the certificate is good, and the client's side cannot mend it.
constexpr int refused_for_our_reasons = X509_V_ERR_DIFFERENT_CRL_SCOPE;

Stream& stream_of(X509_STORE_CTX* verification) {
    const void* ssl =
        X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx());
    return Stream::of(static_cast<const SSL*>(ssl));
}

const ClientTrust& trust_of(const Stream& stream) { return *stream.context()->client_trust(); }

std::string quoted(const X509_NAME* name) { return in_quotes(name_of(name), longest_subject); }

/// The error in hand, with whose certificate it is about.
std::string in_words(X509_STORE_CTX* verification) {
    const X509* leaf = X509_STORE_CTX_get0_cert(verification);
    const X509* current = X509_STORE_CTX_get_current_cert(verification);
    const int error = X509_STORE_CTX_get_error(verification);
    std::string text = "client certificate " + quoted(X509_get_subject_name(leaf)) + ": ";
    if (current == nullptr) {
        return text + X509_verify_cert_error_string(error);
    }
    if (X509_STORE_CTX_get_error_depth(verification) > 0) {
        text += "its CA " + quoted(X509_get_subject_name(current)) + ": ";
    }
    const std::string issuer = quoted(X509_get_issuer_name(current));
    switch (error) {
        case X509_V_ERR_UNABLE_TO_GET_CRL:
            return text + "no CRL of the issuer " + issuer + " in tls.client_certificate.crl";
        case X509_V_ERR_CRL_HAS_EXPIRED:
            return text + "the CRL of the issuer " + issuer +
                   " has expired, get a newer one (or accept_expired_crl)";
        default:
            return text + X509_verify_cert_error_string(error);
    }
}

/// OpenSSL's verdict stands but for what is tolerated; a bad one is kept in words.
int judge_error(int good, X509_STORE_CTX* verification) {
    if (good == 1) {
        return 1;
    }
    Stream& stream = stream_of(verification);
    if (trust_of(stream).tolerates(verification)) {
        X509_STORE_CTX_set_error(verification, X509_V_OK);
        return 1;
    }
    stream.note_refusal(
        {certificate_cause(X509_STORE_CTX_get_error(verification)), in_words(verification)}
    );
    return 0;
}

bool is_about_crl(int error) {
    return error == X509_V_ERR_UNABLE_TO_GET_CRL || error == X509_V_ERR_CRL_HAS_EXPIRED ||
           error == X509_V_ERR_CRL_NOT_YET_VALID || error == X509_V_ERR_CRL_SIGNATURE_FAILURE;
}

int verify(X509_STORE_CTX* verification, void*) {
    const int verdict = X509_verify_cert(verification);
    if (verdict != 1) {
        if (is_about_crl(X509_STORE_CTX_get_error(verification))) {
            X509_STORE_CTX_set_error(verification, refused_for_our_reasons);
        }
        return verdict;
    }
    Stream& stream = stream_of(verification);
    const X509* leaf = X509_STORE_CTX_get0_cert(verification);
    if (allows(trust_of(stream).asked().allow, leaf)) {
        ERR_clear_error();  // else what could not be read of it is taken for the handshake's
        return 1;
    }
    stream.note_refusal(
        {HandshakeCause::client_certificate_not_allowed,
         "client certificate " + quoted(X509_get_subject_name(leaf)) +
             " is good, but not in tls.client_certificate.allow"}
    );
    X509_STORE_CTX_set_error(verification, refused_for_our_reasons);
    return 0;
}

std::string common_name_of(const X509* certificate) {
    const X509_NAME* name = X509_get_subject_name(certificate);
    int last = -1;
    for (int next = last; (next = X509_NAME_get_index_by_NID(name, NID_commonName, last)) >= 0;) {
        last = next;
    }
    if (last < 0) {
        return {};
    }
    unsigned char* text = nullptr;
    const auto* value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, last));
    const int size = ASN1_STRING_to_UTF8(&text, value);
    std::string result;
    if (size > 0) {
        result.assign(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
    }
    OPENSSL_free(text);
    return result;
}

}  // namespace

certs::Loaded<void> ask_for_client_certificates(SSL_CTX* ctx, const ClientTrust& trust) {
    for (const auto& authority : trust.authorities()) {
        if (SSL_CTX_add_client_CA(ctx, authority.get()) != 1) {
            return certs::Failure{
                make_error_code(certs::Errc::file_malformed),
                "tls.client_certificate.ca " + trust.asked().ca.string() + ": " + drain_errors()};
        }
    }
    const bool required = trust.asked().mode == config::ClientCertificateMode::require;
    const int mode = SSL_VERIFY_PEER | (required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0);
    SSL_CTX_set1_cert_store(ctx, trust.store());
    SSL_CTX_set_verify(ctx, mode, judge_error);
    SSL_CTX_set_cert_verify_callback(ctx, verify, nullptr);
    SSL_CTX_set_verify_depth(ctx, static_cast<int>(trust.asked().depth));
    return {};
}

bool client_still_good(const SSL* ssl, const SSL_SESSION* session) {
    const ClientTrust* trust = Stream::of(ssl).context()->client_trust();
    const X509* certificate = SSL_SESSION_get0_peer(const_cast<SSL_SESSION*>(session));
    return trust == nullptr || certificate == nullptr ||
           trust->still_good(certificate, std::time(nullptr));
}

ClientIdentity client_identity(const SSL* ssl) {
    const X509* certificate = SSL_get0_peer_certificate(ssl);
    if (certificate == nullptr) {
        return {};
    }
    return {subject_of(certificate), common_name_of(certificate), fingerprint_of(certificate)};
}

std::string client_certificate_der(const SSL* ssl) {
    const X509* certificate = SSL_get0_peer_certificate(ssl);
    if (certificate == nullptr) {
        return {};
    }
    unsigned char* bytes = nullptr;
    const int size = i2d_X509(certificate, &bytes);
    std::string der;
    if (size > 0) {
        der.assign(bytes, bytes + size);
    }
    OPENSSL_free(bytes);
    return der;
}

}  // namespace hsmfront::tls
