#include "certs/certificate_text.hpp"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <array>
#include <cstdio>

namespace hsmfront::certs {
namespace {

using GeneralNamesPtr = std::unique_ptr<GENERAL_NAMES, Deleter<GENERAL_NAMES_free>>;
using BignumPtr = std::unique_ptr<BIGNUM, Deleter<BN_free>>;

std::string text_of(BIO* memory) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory, &data);
    return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

/// OpenSSL writes "IP Address:" where its own configuration, and ours, say "IP:".
std::string general_name_text(GENERAL_NAME* name) {
    const BioPtr memory(BIO_new(BIO_s_mem()));
    GENERAL_NAME_print(memory.get(), name);
    std::string text = text_of(memory.get());
    constexpr std::string_view long_form = "IP Address:";
    if (text.starts_with(long_form)) {
        text.replace(0, long_form.size(), "IP:");
    }
    return text;
}

}  // namespace

std::string name_text(const X509_NAME* name) {
    const BioPtr memory(BIO_new(BIO_s_mem()));
    X509_NAME_print_ex(memory.get(), name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
    const std::string text = text_of(memory.get());
    return text.empty() ? "(no name)" : text;
}

std::string subject_text(const X509* certificate) {
    return name_text(X509_get_subject_name(certificate));
}

std::string issuer_text(const X509* certificate) {
    return name_text(X509_get_issuer_name(certificate));
}

std::vector<std::string> names_of(const X509* certificate) {
    const GeneralNamesPtr names(static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)
    ));
    std::vector<std::string> texts;
    for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
        texts.push_back(general_name_text(sk_GENERAL_NAME_value(names.get(), i)));
    }
    ERR_clear_error();
    return texts;
}

std::string serial_text(const X509* certificate) {
    const BignumPtr number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr));
    char* digits = number ? BN_bn2hex(number.get()) : nullptr;
    std::string text = digits != nullptr ? digits : "?";
    OPENSSL_free(digits);
    return text;
}

std::string fingerprint(const X509* certificate) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    if (X509_digest(certificate, EVP_sha256(), digest.data(), &size) != 1) {
        return "?";
    }
    return hex(digest.data(), size, ':');
}

std::string time_text(const ASN1_TIME* time) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) {
        return "?";
    }
    std::array<char, 64> text{};
    const auto size = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &parts);
    return {text.data(), size};
}

int days_left(const X509* certificate, std::time_t now) {
    const std::unique_ptr<ASN1_TIME, Deleter<ASN1_TIME_free>> today(ASN1_TIME_set(nullptr, now));
    int days = 0;
    int seconds = 0;
    if (ASN1_TIME_diff(&days, &seconds, today.get(), X509_get0_notAfter(certificate)) != 1) {
        return -1;
    }
    return seconds < 0 ? days - 1 : days;
}

bool not_yet_valid(const X509* certificate, std::time_t now) {
    return X509_cmp_time(X509_get0_notBefore(certificate), &now) > 0;
}

std::string hex(const unsigned char* bytes, std::size_t size, char separator) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string text;
    for (std::size_t i = 0; i < size; ++i) {
        if (i > 0 && separator != 0) {
            text += separator;
        }
        text += digits[bytes[i] >> 4];
        text += digits[bytes[i] & 0xf];
    }
    return text;
}

}  // namespace hsmfront::certs
