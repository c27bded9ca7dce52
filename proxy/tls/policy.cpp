#include "proxy/tls/policy.hpp"

#include <algorithm>

namespace hsmfront::tls {

std::string without_rsa(std::string_view algorithms, bool no_pss, bool no_pkcs1) {
    std::string kept;
    while (!algorithms.empty()) {
        const auto end = std::min(algorithms.find(':'), algorithms.size());
        const std::string_view one = algorithms.substr(0, end);
        algorithms.remove_prefix(std::min(end + 1, algorithms.size()));
        const bool pss =
            one.starts_with("rsa_pss_") || one.starts_with("RSA-PSS+") || one.starts_with("PSS+");
        const bool pkcs1 = one.starts_with("rsa_pkcs1_") || one.starts_with("RSA+");
        if (!(pss && no_pss) && !(pkcs1 && no_pkcs1)) {
            kept += kept.empty() ? "" : ":";
            kept += one;
        }
    }
    return kept;
}

}  // namespace hsmfront::tls
