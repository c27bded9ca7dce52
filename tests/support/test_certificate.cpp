#include "tests/support/test_certificate.hpp"

#include "tests/support/test_ca.hpp"

#include <openssl/ocsp.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <memory>

namespace hsmfront::test {
namespace {

using certs::Deleter;
using certs::X509Ptr;
using TimePtr = std::unique_ptr<ASN1_TIME, Deleter<ASN1_TIME_free>>;

TimePtr generalized(seconds from_now) {
    return TimePtr(ASN1_GENERALIZEDTIME_set(nullptr, std::time(nullptr) + from_now.count()));
}

}  // namespace

X509Ptr make_certificate(const CertificateSpec& spec) {
    X509Ptr made(X509_new());
    std::uint64_t serial = 0;
    check(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof(serial)) == 1, "serial");
    X509_set_version(made.get(), X509_VERSION_3);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(made.get()), (serial >> 1) | 1);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), spec.from.count());
    X509_gmtime_adj(X509_getm_notAfter(made.get()), spec.until.count());
    X509_NAME_add_entry_by_txt(
        X509_get_subject_name(made.get()),
        "CN",
        MBSTRING_UTF8,
        reinterpret_cast<const unsigned char*>(spec.subject.c_str()),
        -1,
        -1,
        0
    );
    check(X509_set_pubkey(made.get(), spec.key) == 1, "public key");
    X509* issuer = spec.issuer != nullptr ? spec.issuer : made.get();
    X509_set_issuer_name(made.get(), X509_get_subject_name(issuer));
    for (const auto& [nid, value] : spec.extensions) {
        add_extension(made.get(), issuer, nid, value);
    }
    EVP_PKEY* key = spec.issuer_key != nullptr ? spec.issuer_key : spec.key;
    check(X509_sign(made.get(), key, spec.digest) > 0, "signing a certificate");
    return made;
}

std::vector<std::pair<int, std::string>> ca_extensions() {
    return {
        {NID_basic_constraints, "critical,CA:TRUE"},
        {NID_key_usage, "critical,keyCertSign,cRLSign"},
        {NID_subject_key_identifier, "hash"}};
}

std::vector<std::pair<int, std::string>> server_extensions(
    std::vector<std::pair<int, std::string>> more
) {
    std::vector<std::pair<int, std::string>> all{
        {NID_basic_constraints, "critical,CA:FALSE"},
        {NID_key_usage, "critical,digitalSignature"},
        {NID_ext_key_usage, "serverAuth"},
        {NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1"}};
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

std::vector<unsigned char> make_ocsp(const OcspSpec& spec) {
    const std::unique_ptr<OCSP_BASICRESP, Deleter<OCSP_BASICRESP_free>> basic(OCSP_BASICRESP_new());
    const std::unique_ptr<OCSP_CERTID, Deleter<OCSP_CERTID_free>> id(
        OCSP_cert_to_id(spec.id_digest, spec.leaf, spec.issuer)
    );
    const TimePtr revoked = generalized(-seconds{3600});
    const TimePtr from = generalized(spec.from);
    const TimePtr until = spec.until ? generalized(*spec.until) : nullptr;
    check(
        OCSP_basic_add1_status(
            basic.get(), id.get(), spec.status, spec.reason, revoked.get(), from.get(), until.get()
        ) != nullptr,
        "status"
    );
    // Clients have the issuer's certificate; a delegated responder's they do not.
    const bool delegated = spec.signer != nullptr;
    X509* signer = delegated ? spec.signer : spec.issuer;
    const unsigned long flags = delegated ? 0 : OCSP_NOCERTS;
    check(
        OCSP_basic_sign(basic.get(), signer, spec.key, EVP_sha256(), nullptr, flags) == 1,
        "signing a response"
    );
    const std::unique_ptr<OCSP_RESPONSE, Deleter<OCSP_RESPONSE_free>> response(
        OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic.get())
    );
    unsigned char* bytes = nullptr;
    const int size = i2d_OCSP_RESPONSE(response.get(), &bytes);
    check(size > 0, "encoding a response");
    std::vector<unsigned char> der(bytes, bytes + size);
    OPENSSL_free(bytes);
    return der;
}

}  // namespace hsmfront::test
