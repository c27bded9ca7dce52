#include "tests/support/test_ca.hpp"

#include "certs/openssl_reason.hpp"
#include "tests/support/temp_dir.hpp"

#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <stdexcept>

namespace hsmfront::test {
namespace {

using certs::BioPtr;
using certs::Deleter;
using certs::EvpPkeyPtr;
using certs::X509Ptr;

constexpr long day = 24L * 60 * 60;

std::string content_of(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(size)};
}

void add_ca_extensions(X509* certificate, X509* issuer) {
    add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(certificate, issuer, NID_key_usage, "critical,keyCertSign,cRLSign");
    add_extension(certificate, issuer, NID_subject_key_identifier, "hash");
}

void add_names(X509* certificate, X509* issuer, const std::vector<std::string>& names) {
    std::string list;
    for (const auto& name : names) {
        list += (list.empty() ? "" : ",") + name;
    }
    if (!list.empty()) {
        add_extension(certificate, issuer, NID_subject_alt_name, list);
    }
}

X509Ptr new_certificate(const std::string& subject, EVP_PKEY* key) {
    X509Ptr certificate(X509_new());
    std::uint64_t serial = 0;
    check(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof(serial)) == 1, "serial");
    X509_set_version(certificate.get(), X509_VERSION_3);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial >> 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -day);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 365 * day);
    X509_NAME_add_entry_by_txt(
        X509_get_subject_name(certificate.get()),
        "CN",
        MBSTRING_UTF8,
        reinterpret_cast<const unsigned char*>(subject.c_str()),
        -1,
        -1,
        0
    );
    check(X509_set_pubkey(certificate.get(), key) == 1, "public key");
    return certificate;
}

}  // namespace

void check(bool fine, const char* what) {
    if (!fine) {
        throw std::runtime_error(std::string(what) + ": " + certs::drain_openssl_reason());
    }
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const std::unique_ptr<X509_EXTENSION, Deleter<X509_EXTENSION_free>> extension(
        X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str())
    );
    check(extension && X509_add_ext(certificate, extension.get(), -1) == 1, value.c_str());
}

TestCa::TestCa(const std::string& name)
    : key_(make_key("P-256")), certificate_(new_certificate(name, key_.get())) {
    X509* own = certificate_.get();
    X509_set_issuer_name(own, X509_get_subject_name(own));
    add_ca_extensions(own, own);
    check(X509_sign(own, key_.get(), EVP_sha256()) > 0, "signing the CA");
}

X509Ptr TestCa::issue(
    EVP_PKEY* key, const std::string& subject, const std::vector<std::string>& names
) const {
    X509Ptr certificate = new_certificate(subject, key);
    add_names(certificate.get(), certificate_.get(), names);
    sign(certificate.get(), "serverAuth");
    return certificate;
}

X509Ptr TestCa::issue(EVP_PKEY* key, const TestCertificate& content) const {
    X509Ptr certificate = new_certificate(content.subject, key);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), content.from.count());
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), content.until.count());
    add_names(certificate.get(), certificate_.get(), content.names);
    sign(certificate.get(), content.usage.c_str());
    return certificate;
}

TestCa TestCa::subordinate(const std::string& name) const {
    EvpPkeyPtr key = make_key("P-256");
    X509Ptr certificate = new_certificate(name, key.get());
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate_.get()));
    add_ca_extensions(certificate.get(), certificate_.get());
    check(X509_sign(certificate.get(), key_.get(), EVP_sha256()) > 0, "signing a CA");
    return {std::move(key), std::move(certificate)};
}

certs::X509CrlPtr TestCa::crl(const std::vector<X509*>& revoked, std::chrono::seconds until) const {
    constexpr long hour = 3600;
    certs::X509CrlPtr crl(X509_CRL_new());
    const std::unique_ptr<ASN1_TIME, Deleter<ASN1_TIME_free>> time(
        X509_gmtime_adj(nullptr, std::min(-hour, static_cast<long>(until.count()) - hour))
    );
    X509_CRL_set_version(crl.get(), X509_CRL_VERSION_2);
    X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(certificate_.get()));
    X509_CRL_set1_lastUpdate(crl.get(), time.get());
    for (X509* one : revoked) {
        X509_REVOKED* entry = X509_REVOKED_new();
        X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(one));
        X509_REVOKED_set_revocationDate(entry, time.get());
        check(X509_CRL_add0_revoked(crl.get(), entry) == 1, "revoking");
    }
    X509_gmtime_adj(time.get(), static_cast<long>(until.count()));
    X509_CRL_set1_nextUpdate(crl.get(), time.get());
    X509_CRL_sort(crl.get());
    check(X509_CRL_sign(crl.get(), key_.get(), EVP_sha256()) > 0, "signing a CRL");
    return crl;
}

X509Ptr TestCa::issue_client(EVP_PKEY* key, const std::string& subject) const {
    X509Ptr certificate = new_certificate(subject, key);
    sign(certificate.get(), "clientAuth");
    return certificate;
}

void TestCa::sign(X509* leaf, const char* usage) const {
    X509_set_issuer_name(leaf, X509_get_subject_name(certificate_.get()));
    add_extension(leaf, certificate_.get(), NID_basic_constraints, "critical,CA:FALSE");
    add_extension(leaf, certificate_.get(), NID_key_usage, "critical,digitalSignature");
    add_extension(leaf, certificate_.get(), NID_ext_key_usage, usage);
    check(X509_sign(leaf, key_.get(), EVP_sha256()) > 0, "signing a certificate");
}

std::string TestCa::key_pem() const { return to_pem(key_.get()); }

std::string TestCa::pem() const { return to_pem(certificate_.get()); }

void TestCa::write_chain(
    const std::filesystem::path& file, EVP_PKEY* key, const std::string& subject
) const {
    write_file(file, to_pem(issue(key, subject).get()) + pem());
}

std::string to_pem(X509* certificate) {
    const BioPtr bio(BIO_new(BIO_s_mem()));
    check(PEM_write_bio_X509(bio.get(), certificate) == 1, "writing a certificate");
    return content_of(bio.get());
}

std::string to_pem(EVP_PKEY* private_key) {
    const BioPtr bio(BIO_new(BIO_s_mem()));
    check(
        PEM_write_bio_PrivateKey(bio.get(), private_key, nullptr, nullptr, 0, nullptr, nullptr) ==
            1,
        "writing a key"
    );
    return content_of(bio.get());
}

std::string to_pem(X509_CRL* crl) {
    const BioPtr bio(BIO_new(BIO_s_mem()));
    check(PEM_write_bio_X509_CRL(bio.get(), crl) == 1, "writing a CRL");
    return content_of(bio.get());
}

std::string to_der(X509_CRL* crl) {
    const BioPtr bio(BIO_new(BIO_s_mem()));
    check(i2d_X509_CRL_bio(bio.get(), crl) == 1, "writing a CRL");
    return content_of(bio.get());
}

EvpPkeyPtr make_key(const std::string& kind) {
    EVP_PKEY* key = nullptr;
    if (kind == "RSA") {
        key = EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048});
    } else if (kind == "ED25519") {
        key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    } else {
        key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", kind.c_str());
    }
    check(key != nullptr, kind.c_str());
    return EvpPkeyPtr(key);
}

}  // namespace hsmfront::test
