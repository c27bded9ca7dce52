// ExpiryWatch: when the operator is told that a certificate is about to end.
#pragma once

#include "proxy/tls/context.hpp"

#include <ctime>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace hsmfront::runtime {

/// A line for the log.
struct ExpiryNotice {
    bool grave = false;  ///< it has ended, or does within a day
    std::string text;
};

/// 30, 7 and 1 days before a certificate ends, and when it has, once each; at the first look only
/// what is true then. Another certificate under the same alias is a new one.
class ExpiryWatch {
  public:
    [[nodiscard]] std::vector<ExpiryNotice> look(
        std::span<const tls::CertificateInfo> certificates, std::time_t now
    );

  private:
    using Certificate = std::pair<std::string, std::time_t>;  ///< alias and end
    std::map<Certificate, int> told_;                         ///< the nearest threshold, in days
};

}  // namespace hsmfront::runtime
