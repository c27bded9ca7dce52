#include "proxy/tls/allow_list.hpp"

#include "certs/handle.hpp"
#include "proxy/tls/certificate_names.hpp"

#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>
#include <string_view>

namespace hsmfront::tls {
namespace {

using NamesPtr = std::unique_ptr<GENERAL_NAMES, certs::Deleter<GENERAL_NAMES_free>>;
using OctetsPtr = std::unique_ptr<ASN1_OCTET_STRING, certs::Deleter<ASN1_OCTET_STRING_free>>;

std::string_view bytes_of(const ASN1_STRING* text) {
    return {
        reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
        static_cast<std::size_t>(ASN1_STRING_length(text))};
}

bool equal_hosts(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; };
    return std::ranges::equal(a, b, [lower](char x, char y) { return lower(x) == lower(y); });
}

/// The host in lower or upper case, what is before it as it is (RFC 5280 §7.5).
bool equal_mailboxes(std::string_view a, std::string_view b) {
    const auto at = a.rfind('@');
    return at != std::string_view::npos && at == b.rfind('@') &&
           a.substr(0, at) == b.substr(0, at) && equal_hosts(a.substr(at), b.substr(at));
}

/// One entry of ClientAllowList::names.
class WantedName {
  public:
    explicit WantedName(const std::string& text)
        : text_(text), address_(a2i_IPADDRESS(text.c_str())) {}

    [[nodiscard]] bool is(const GENERAL_NAME& name) const {
        if (address_ != nullptr) {
            return name.type == GEN_IPADD && bytes_of(name.d.iPAddress) == bytes_of(address_.get());
        }
        if (text_.find(':') != std::string::npos) {
            return name.type == GEN_URI &&
                   bytes_of(name.d.uniformResourceIdentifier) == std::string_view(text_);
        }
        if (text_.find('@') != std::string::npos) {
            return name.type == GEN_EMAIL && equal_mailboxes(bytes_of(name.d.rfc822Name), text_);
        }
        return name.type == GEN_DNS && equal_hosts(bytes_of(name.d.dNSName), text_);
    }

  private:
    const std::string& text_;
    OctetsPtr address_;
};

bool has_one_of(const std::vector<std::string>& names, const X509* certificate) {
    const NamesPtr shown(static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)
    ));
    return std::ranges::any_of(names, [&shown](const std::string& name) {
        const WantedName wanted(name);
        for (int i = 0; i < sk_GENERAL_NAME_num(shown.get()); ++i) {
            if (wanted.is(*sk_GENERAL_NAME_value(shown.get(), i))) {
                return true;
            }
        }
        return false;
    });
}

bool contains(const std::vector<std::string>& list, const std::string& text) {
    return std::ranges::find(list, text) != list.end();
}

}  // namespace

bool allows(const config::ClientAllowList& list, const X509* certificate) {
    return list.empty() || contains(list.subjects, subject_of(certificate)) ||
           contains(list.fingerprints, fingerprint_of(certificate)) ||
           (!list.names.empty() && has_one_of(list.names, certificate));
}

}  // namespace hsmfront::tls
