#include "proxy/tls/certificate_names.hpp"

#include "certs/handle.hpp"

#include <array>
#include <string_view>

namespace hsmfront::tls {

std::string name_of(const X509_NAME* name) {
    const certs::BioPtr out(BIO_new(BIO_s_mem()));
    X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
    char* text = nullptr;
    const auto size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

std::string subject_of(const X509* certificate) {
    return name_of(X509_get_subject_name(certificate));
}

std::string fingerprint_of(const X509* certificate) {
    std::array<unsigned char, 32> bytes{};
    X509_digest(certificate, EVP_sha256(), bytes.data(), nullptr);
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const unsigned char byte : bytes) {
        text += digits[byte >> 4U];
        text += digits[byte & 15U];
    }
    return text;
}

}  // namespace hsmfront::tls
