#include "certs/ocsp_response.hpp"

#include "certs/certificate_text.hpp"
#include "certs/errc.hpp"
#include "certs/openssl_reason.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <string_view>

namespace hsmfront::certs {
namespace {

using ResponsePtr = std::unique_ptr<OCSP_RESPONSE, Deleter<OCSP_RESPONSE_free>>;
using BasicPtr = std::unique_ptr<OCSP_BASICRESP, Deleter<OCSP_BASICRESP_free>>;
using CertIdPtr = std::unique_ptr<OCSP_CERTID, Deleter<OCSP_CERTID_free>>;
using StorePtr = std::unique_ptr<X509_STORE, Deleter<X509_STORE_free>>;
using UrlsPtr = std::unique_ptr<STACK_OF(OPENSSL_STRING), Deleter<X509_email_free>>;
using FeaturePtr = std::unique_ptr<TLS_FEATURE, Deleter<TLS_FEATURE_free>>;

constexpr std::time_t skew = 5 * 60;
constexpr std::time_t assumed_life = std::time_t{24} * 60 * 60;
/// TLS's number of the extension status_request (RFC 6066 §8).
constexpr long status_request = 5;

Failure unusable(std::string why) { return {Errc::file_malformed, std::move(why)}; }

std::time_t seconds_of(const ASN1_GENERALIZEDTIME* time) {
    std::tm parts{};
    return time != nullptr && ASN1_TIME_to_tm(time, &parts) == 1 ? ::timegm(&parts) : 0;
}

/// Verifies one response; the first failure ends it.
class Verifier {
  public:
    Verifier(X509* leaf, X509* issuer, std::time_t now) : leaf_(leaf), issuer_(issuer), now_(now) {}

    OcspVerdict verify(std::span<const unsigned char> der) {
        auto response = examine(der);
        if (!response) {
            return {std::nullopt, revoked_, response.error().message};
        }
        response->der.assign(der.begin(), der.end());
        return {std::move(*response), false, {}};
    }

  private:
    Loaded<OcspResponse> examine(std::span<const unsigned char> der) {
        auto basic = parse(der);
        if (!basic) {
            return basic.error();
        }
        OCSP_SINGLERESP* single = find(basic->get());
        if (single == nullptr) {
            return unusable("it is about another certificate (or names another issuer)");
        }
        if (auto verified = verify_signature(basic->get()); !verified) {
            return verified.error();
        }
        return judge(single);
    }

    static Loaded<BasicPtr> parse(std::span<const unsigned char> der) {
        const unsigned char* position = der.data();
        const ResponsePtr response(
            d2i_OCSP_RESPONSE(nullptr, &position, static_cast<long>(der.size()))
        );
        if (!response || position != der.data() + der.size()) {
            return unusable("it is not an OCSP response in DER");
        }
        const int status = OCSP_response_status(response.get());
        if (status != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
            return unusable(
                std::string("the responder refused the question: ") +
                OCSP_response_status_str(status)
            );
        }
        BasicPtr basic(OCSP_response_get1_basic(response.get()));
        if (!basic) {
            return unusable("its response type is not id-pkix-ocsp-basic");
        }
        return basic;
    }

    /// The answer about our certificate, whichever digest it names the certificate with.
    OCSP_SINGLERESP* find(OCSP_BASICRESP* basic) const {
        for (int i = 0; i < OCSP_resp_count(basic); ++i) {
            OCSP_SINGLERESP* single = OCSP_resp_get0(basic, i);
            const OCSP_CERTID* id = OCSP_SINGLERESP_get0_id(single);
            ASN1_OBJECT* digest = nullptr;
            OCSP_id_get0_info(nullptr, &digest, nullptr, nullptr, const_cast<OCSP_CERTID*>(id));
            const EVP_MD* method = EVP_get_digestbyobj(digest);
            if (method == nullptr) {
                continue;
            }
            const CertIdPtr ours(OCSP_cert_to_id(method, leaf_, issuer_));
            if (ours && OCSP_id_cmp(ours.get(), id) == 0) {
                return single;
            }
        }
        return nullptr;
    }

    Loaded<void> verify_signature(OCSP_BASICRESP* basic) const {
        const StorePtr store(X509_STORE_new());
        const std::unique_ptr<STACK_OF(X509), void (*)(STACK_OF(X509)*)> issuers(
            sk_X509_new_null(), [](STACK_OF(X509) * stack) { sk_X509_free(stack); }
        );
        if (!store || !issuers || X509_STORE_add_cert(store.get(), issuer_) != 1 ||
            sk_X509_push(issuers.get(), issuer_) <= 0) {
            return unusable("cannot verify it: " + drain_openssl_reason());
        }
        // The issuer is what we trust, an intermediate too.
        X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN);
        X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store.get()), now_);
        if (OCSP_basic_verify(basic, issuers.get(), store.get(), OCSP_PARTIAL_CHAIN) != 1) {
            return unusable(
                "neither " + subject_text(issuer_) +
                ", which issued the certificate, nor a responder delegated by it signed it: " +
                drain_openssl_reason()
            );
        }
        return {};
    }

    Loaded<OcspResponse> judge(OCSP_SINGLERESP* single) {
        int reason = OCSP_REVOKED_STATUS_NOSTATUS;
        ASN1_GENERALIZEDTIME* revoked_at = nullptr;
        ASN1_GENERALIZEDTIME* this_update = nullptr;
        ASN1_GENERALIZEDTIME* next_update = nullptr;
        const int status =
            OCSP_single_get0_status(single, &reason, &revoked_at, &this_update, &next_update);
        OcspResponse response;
        response.this_update = seconds_of(this_update);
        response.ends = next_update != nullptr;
        response.next_update =
            response.ends ? seconds_of(next_update) : response.this_update + assumed_life;
        if (response.this_update == 0 || response.next_update == 0) {
            return unusable("a time in it cannot be read");
        }
        if (response.this_update > now_ + skew) {
            return unusable(
                "it begins at " + time_text(this_update) + ", which is to come; compare the clocks"
            );
        }
        if (response.next_update <= now_) {
            return unusable(
                response.ends ? "it ended at " + time_text(next_update)
                              : "it is of " + time_text(this_update) + ", more than a day old"
            );
        }
        return judge(status, reason, revoked_at, std::move(response));
    }

    Loaded<OcspResponse> judge(
        int status, int reason, const ASN1_GENERALIZEDTIME* revoked_at, OcspResponse response
    ) {
        if (status == V_OCSP_CERTSTATUS_GOOD) {
            return response;
        }
        if (status != V_OCSP_CERTSTATUS_REVOKED) {
            return unusable("the responder does not know the certificate");
        }
        std::string why = "the responder says that the certificate is revoked since " +
                          (revoked_at != nullptr ? time_text(revoked_at) : "?");
        if (reason != OCSP_REVOKED_STATUS_NOSTATUS) {
            why += std::string(" (") + OCSP_crl_reason_str(reason) + ")";
        }
        revoked_ = true;
        return unusable(why);
    }

    X509* leaf_;
    X509* issuer_;
    std::time_t now_;
    bool revoked_ = false;
};

}  // namespace

X509* find_issuer(const Chain& chain) {
    X509* found = nullptr;
    for (const X509Ptr& candidate : chain.certificates) {
        EVP_PKEY* key = X509_get0_pubkey(candidate.get());
        if (key != nullptr && X509_check_issued(candidate.get(), chain.leaf()) == X509_V_OK &&
            X509_verify(chain.leaf(), key) == 1) {
            found = candidate.get();
            break;
        }
    }
    ERR_clear_error();
    return found;
}

std::string ocsp_responder(X509* leaf) {
    const UrlsPtr urls(X509_get1_ocsp(leaf));
    std::string first;
    for (int i = 0; i < sk_OPENSSL_STRING_num(urls.get()); ++i) {
        const std::string url = sk_OPENSSL_STRING_value(urls.get(), i);
        if (url.starts_with("http://")) {
            return url;
        }
        first = first.empty() ? url : first;
    }
    return first;
}

bool must_staple(const X509* leaf) {
    const FeaturePtr features(
        static_cast<TLS_FEATURE*>(X509_get_ext_d2i(leaf, NID_tlsfeature, nullptr, nullptr))
    );
    bool found = false;
    for (int i = 0; i < sk_ASN1_INTEGER_num(features.get()); ++i) {
        found =
            found || ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features.get(), i)) == status_request;
    }
    ERR_clear_error();
    return found;
}

OcspRequestPtr make_ocsp_request(const X509* leaf, const X509* issuer) {
    OcspRequestPtr request(OCSP_REQUEST_new());
    // SHA-1 is what every responder knows (RFC 5019 §2.1.1); it only names the certificate.
    CertIdPtr id(OCSP_cert_to_id(EVP_sha1(), leaf, issuer));
    if (!request || !id || OCSP_request_add0_id(request.get(), id.get()) == nullptr) {
        ERR_clear_error();
        return nullptr;
    }
    static_cast<void>(id.release());
    return request;
}

OcspVerdict verify_ocsp_response(
    std::span<const unsigned char> der, X509* leaf, X509* issuer, std::time_t now
) {
    OcspVerdict verdict = Verifier(leaf, issuer, now).verify(der);
    ERR_clear_error();
    return verdict;
}

Loaded<std::vector<unsigned char>> read_ocsp_file(const std::filesystem::path& file) {
    const std::unique_ptr<BIO, Deleter<BIO_free>> bio(BIO_new_file(file.c_str(), "rb"));
    std::vector<unsigned char> bytes(largest_ocsp_response + 1);
    std::size_t size = 0;
    std::size_t more = 0;
    while (bio && size < bytes.size() &&
           BIO_read_ex(bio.get(), bytes.data() + size, bytes.size() - size, &more) == 1) {
        size += more;
    }
    if (size == 0) {
        return Failure{
            Errc::file_unreadable, bio ? "it is empty, or cannot be read" : drain_openssl_reason()};
    }
    ERR_clear_error();
    if (size == bytes.size()) {
        return Failure{Errc::file_malformed, "it is larger than 64 KiB"};
    }
    bytes.resize(size);
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), size);
    if (text.find("-----BEGIN OCSP RESPONSE-----") == std::string_view::npos) {
        return bytes;
    }
    const BioPtr memory(BIO_new_mem_buf(bytes.data(), static_cast<int>(size)));
    unsigned char* data = nullptr;
    long length = 0;
    if (PEM_bytes_read_bio(
            &data, &length, nullptr, PEM_STRING_OCSP_RESPONSE, memory.get(), nullptr, nullptr
        ) != 1) {
        return Failure{Errc::file_malformed, "its PEM cannot be read: " + drain_openssl_reason()};
    }
    std::vector<unsigned char> der(data, data + length);
    OPENSSL_free(data);
    return der;
}

}  // namespace hsmfront::certs
