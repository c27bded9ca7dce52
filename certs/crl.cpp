#include "certs/crl.hpp"

#include "certs/errc.hpp"
#include "certs/openssl_reason.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <limits>
#include <sstream>

namespace hsmfront::certs {
namespace {

Failure malformed(const std::filesystem::path& file, const std::string& why) {
    return {Errc::file_malformed, "CRL " + file.string() + ": " + why};
}

Loaded<std::string> read_whole(const std::filesystem::path& file) {
    std::error_code ignored;
    const bool folder = std::filesystem::is_directory(file, ignored);
    errno = 0;
    std::ifstream in(file, std::ios::binary);
    if (!in || folder) {
        const std::string reason = folder ? "is a directory" : std::strerror(errno);
        return Failure{
            Errc::file_unreadable,
            "CRL " + file.string() + ": " + reason + "; give a readable file in PEM or DER"};
    }
    std::ostringstream text;
    text << in.rdbuf();
    return std::move(text).str();
}

BioPtr reader_of(const std::string& bytes) {
    return BioPtr(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

bool at_end_of_pem() {
    const unsigned long code = ERR_peek_last_error();
    return ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
}

/// OpenSSL's own would ask at the terminal.
int refuse_password(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*argument*/) {
    return -1;
}

}  // namespace

Loaded<std::vector<X509CrlPtr>> read_crls(const std::filesystem::path& file) {
    auto bytes = read_whole(file);
    if (!bytes) {
        return bytes.error();
    }
    if (bytes->size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
        return malformed(file, "larger than 2 GiB");
    }
    ERR_clear_error();
    std::vector<X509CrlPtr> crls;
    BioPtr bio = reader_of(*bytes);
    while (X509_CRL* next = PEM_read_bio_X509_CRL(bio.get(), nullptr, refuse_password, nullptr)) {
        crls.emplace_back(next);
    }
    if (!at_end_of_pem()) {
        return malformed(
            file,
            "number " + std::to_string(crls.size() + 1) +
                " cannot be parsed: " + drain_openssl_reason()
        );
    }
    if (crls.empty()) {
        bio = reader_of(*bytes);
        if (X509_CRL* only = d2i_X509_CRL_bio(bio.get(), nullptr)) {
            crls.emplace_back(only);
        }
    }
    ERR_clear_error();
    if (crls.empty()) {
        return malformed(file, "no CRL in it; it must hold CRLs in PEM, or one in DER");
    }
    return crls;
}

X509* signer_of(X509_CRL* crl, const std::vector<X509Ptr>& authorities) {
    const auto found = std::ranges::find_if(authorities, [crl](const X509Ptr& authority) {
        EVP_PKEY* key = X509_get0_pubkey(authority.get());
        return X509_NAME_cmp(X509_get_subject_name(authority.get()), X509_CRL_get_issuer(crl)) ==
                   0 &&
               key != nullptr && X509_CRL_verify(crl, key) == 1;
    });
    ERR_clear_error();
    return found == authorities.end() ? nullptr : found->get();
}

bool names_issuer_of(const X509_CRL* crl, const std::vector<X509Ptr>& authorities) {
    return std::ranges::any_of(authorities, [crl](const X509Ptr& authority) {
        return X509_NAME_cmp(X509_get_subject_name(authority.get()), X509_CRL_get_issuer(crl)) == 0;
    });
}

std::string issuer_of(const X509_CRL* crl) {
    const BioPtr out(BIO_new(BIO_s_mem()));
    X509_NAME_print_ex(
        out.get(), X509_CRL_get_issuer(crl), 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB
    );
    char* text = nullptr;
    const long size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

}  // namespace hsmfront::certs
