#include "certs/chain.hpp"

#include "certs/errc.hpp"
#include "certs/openssl_reason.hpp"
#include "proxy/log/component.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <sys/stat.h>

namespace hsmfront::certs {
namespace {

std::string name_of(const X509_NAME* name) {
    const BioPtr text(BIO_new(BIO_s_mem()));
    X509_NAME_print_ex(text.get(), name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
    char* data = nullptr;
    const long size = BIO_get_mem_data(text.get(), &data);
    return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : "(no name)";
}

std::string subject_of(const X509* certificate) {
    return name_of(X509_get_subject_name(certificate));
}

Loaded<BioPtr> open_pem(const std::filesystem::path& file, const char* what) {
    struct stat info {};
    FILE* stream = std::fopen(file.c_str(), "re");
    if (stream == nullptr || ::fstat(::fileno(stream), &info) != 0 || S_ISDIR(info.st_mode)) {
        const std::string reason = stream != nullptr ? "is a directory" : std::strerror(errno);
        if (stream != nullptr) {
            (void)std::fclose(stream);
        }
        return Failure{
            Errc::file_unreadable, std::string(what) + " " + file.string() + ": " + reason};
    }
    return BioPtr(BIO_new_fp(stream, BIO_CLOSE));
}

/// pem_password_cb: remembers in `*asked` that a password was wanted and gives none, where
/// OpenSSL's own would ask at the terminal.
int refuse_password(char* /*buffer*/, int /*size*/, int /*writing*/, void* asked) {
    *static_cast<bool*>(asked) = true;
    return -1;
}

bool at_end_of_pem() {
    const unsigned long code = ERR_peek_last_error();
    return ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
}

/// Leaf first: the first certificate must not have issued another one of the file.
Loaded<void> check_order(const Chain& chain, const std::filesystem::path& file) {
    const auto& all = chain.certificates;
    for (std::size_t i = 1; i < all.size(); ++i) {
        if (X509_check_issued(all[0].get(), all[i].get()) == X509_V_OK) {
            return Failure{
                Errc::file_malformed,
                "certificates " + file.string() + ": the first one (" + subject_of(all[0].get()) +
                    ") issued number " + std::to_string(i + 1) + " (" + subject_of(all[i].get()) +
                    "); put the server's certificate first, then its issuers"};
        }
        if (X509_check_issued(all[i].get(), all[i - 1].get()) != X509_V_OK) {
            log::tls.warn(
                "certificates {}: number {} ({}) did not issue the one before it; some clients "
                "need them in order",
                file.string(),
                i + 1,
                subject_of(all[i].get())
            );
        }
    }
    ERR_clear_error();
    return {};
}

void warn_if_open_to_all(const std::filesystem::path& file) {
    struct stat info {};
    if (::stat(file.c_str(), &info) == 0 && (info.st_mode & S_IROTH) != 0) {
        log::tls.warn("private key {}: every user can read it; chmod 600 it", file.string());
    }
}

/// `wanted` says what the file must hold.
Loaded<std::vector<X509Ptr>> read_all(const std::filesystem::path& file, const char* wanted) {
    auto bio = open_pem(file, "certificates");
    if (!bio) {
        return bio.error();
    }
    ERR_clear_error();
    std::vector<X509Ptr> certificates;
    bool asked = false;
    while (X509* next = PEM_read_bio_X509(bio->get(), nullptr, refuse_password, &asked)) {
        certificates.emplace_back(next);
    }
    if (!at_end_of_pem()) {
        return Failure{
            Errc::file_malformed,
            "certificates " + file.string() + ": number " +
                std::to_string(certificates.size() + 1) +
                " cannot be parsed: " + drain_openssl_reason()};
    }
    ERR_clear_error();
    if (certificates.empty()) {
        return Failure{
            Errc::file_malformed,
            "certificates " + file.string() + ": no PEM certificate in it; it must hold " + wanted};
    }
    return certificates;
}

}  // namespace

Loaded<Chain> read_chain(const std::filesystem::path& file) {
    auto certificates = read_all(file, "the server's certificate, then its issuers");
    if (!certificates) {
        return certificates.error();
    }
    Chain chain{std::move(*certificates)};
    if (auto ordered = check_order(chain, file); !ordered) {
        return ordered.error();
    }
    return chain;
}

Loaded<std::vector<X509Ptr>> read_authorities(const std::filesystem::path& file) {
    auto certificates = read_all(file, "the CA certificates that client certificates come from");
    if (!certificates) {
        auto failure = certificates.error();
        failure.message = "tls.client_certificate.ca: " + failure.message +
                          "; give a readable PEM file, or set tls.client_certificate.mode to none";
        return failure;
    }
    return certificates;
}

Loaded<void> check_match(const Chain& chain, EVP_PKEY* key, const std::string& alias) {
    EVP_PKEY* certified = X509_get0_pubkey(chain.leaf());
    const bool same = certified != nullptr && EVP_PKEY_eq(certified, key) == 1;
    ERR_clear_error();
    if (same) {
        return {};
    }
    return Failure{
        Errc::key_mismatch,
        "alias '" + alias + "': its certificate (" + subject_of(chain.leaf()) +
            ") was issued for another key; request a certificate for this key, or correct the "
            "alias"};
}

Loaded<EvpPkeyPtr> read_private_key(const std::filesystem::path& file) {
    auto bio = open_pem(file, "private key");
    if (!bio) {
        return bio.error();
    }
    warn_if_open_to_all(file);
    ERR_clear_error();
    bool asked = false;
    EvpPkeyPtr key(PEM_read_bio_PrivateKey(bio->get(), nullptr, refuse_password, &asked));
    if (key) {
        return key;
    }
    const std::string reason = drain_openssl_reason();
    const std::string start = "private key " + file.string() + ": ";
    if (asked) {
        return Failure{
            Errc::file_malformed,
            start +
                "it is encrypted, which is not supported; write it plain with 'openssl pkey "
                "-in ENCRYPTED -out PLAIN' and chmod 600"};
    }
    return Failure{
        Errc::file_malformed, start + "no PEM private key in it that can be read: " + reason};
}

}  // namespace hsmfront::certs
