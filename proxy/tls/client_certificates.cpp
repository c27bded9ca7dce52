#include "proxy/tls/client_certificates.hpp"

#include "certs/errc.hpp"
#include "proxy/tls/openssl_error.hpp"
#include "proxy/tls/stream.hpp"

#include <openssl/x509.h>

#include <array>

namespace hsmfront::tls {
namespace {

/// Bytes of a subject that a log line shows.
constexpr std::size_t longest_subject = 256;

using Fingerprint = std::array<unsigned char, 32>;

Fingerprint fingerprint_of(const X509* certificate) {
    Fingerprint digest{};
    X509_digest(certificate, EVP_sha256(), digest.data(), nullptr);
    return digest;
}

std::string hexadecimal(const Fingerprint& bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const unsigned char byte : bytes) {
        text += digits[byte >> 4U];
        text += digits[byte & 15U];
    }
    return text;
}

/// OpenSSL's verdict stands; a bad one is kept, with whose certificate it is about.
int note_verdict(int good, X509_STORE_CTX* verification) {
    if (good != 1) {
        const void* ssl =
            X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx());
        const X509* certificate = X509_STORE_CTX_get_current_cert(verification);
        const std::string subject = certificate != nullptr ? subject_of(certificate) : "";
        const int error = X509_STORE_CTX_get_error(verification);
        Stream::of(static_cast<const SSL*>(ssl))
            .note_refusal(
                {certificate_cause(error),
                 "client certificate " + in_quotes(subject, longest_subject) + ": " +
                     X509_verify_cert_error_string(error)}
            );
    }
    return good;
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

std::string subject_of(const X509* certificate) {
    const std::unique_ptr<BIO, certs::Deleter<BIO_free>> out(BIO_new(BIO_s_mem()));
    X509_NAME_print_ex(
        out.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB
    );
    char* text = nullptr;
    const auto size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

certs::Loaded<std::string> ask_for_client_certificates(
    SSL_CTX* ctx, const config::ClientCertificate& asked
) {
    using Mode = config::ClientCertificateMode;
    if (asked.mode == Mode::none) {
        return std::string();
    }
    auto authorities = certs::read_authorities(asked.ca);
    if (!authorities) {
        return authorities.error();
    }
    const bool required = asked.mode == Mode::require;
    std::string separation = required ? "require" : "request";
    X509_STORE* store = SSL_CTX_get_cert_store(ctx);
    for (const auto& authority : *authorities) {
        if (X509_STORE_add_cert(store, authority.get()) != 1 ||
            SSL_CTX_add_client_CA(ctx, authority.get()) != 1) {
            return certs::Failure{
                make_error_code(certs::Errc::file_malformed),
                "tls.client_certificate.ca " + asked.ca.string() + ": " + drain_errors()};
        }
        const Fingerprint digest = fingerprint_of(authority.get());
        separation.append(digest.begin(), digest.end());
    }
    // Whoever is in the file is trusted, an issuing CA without its root too.
    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
    const int mode = SSL_VERIFY_PEER | (required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0);
    SSL_CTX_set_verify(ctx, mode, note_verdict);
    SSL_CTX_set_verify_depth(ctx, static_cast<int>(asked.depth));
    return separation;
}

ClientIdentity client_identity(const SSL* ssl) {
    const X509* certificate = SSL_get0_peer_certificate(ssl);
    if (certificate == nullptr) {
        return {};
    }
    return {
        subject_of(certificate),
        common_name_of(certificate),
        hexadecimal(fingerprint_of(certificate))};
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
