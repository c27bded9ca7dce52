// KeyTable: the parts of the table, one for each protocol and one for what they share. Ranges stand
// in them, defaults in settings.hpp.
#pragma once

#include "config/key_types.hpp"

#include <functional>
#include <iterator>
#include <vector>

namespace hsmfront::config {

[[nodiscard]] std::vector<Key> hsm_keys();
[[nodiscard]] std::vector<Key> tls_keys();
[[nodiscard]] std::vector<Key> ftp_keys();
[[nodiscard]] std::vector<Key> http_keys();
[[nodiscard]] std::vector<Key> common_keys();
[[nodiscard]] std::vector<Key> log_keys();
[[nodiscard]] std::vector<Key> shutdown_keys();

/// The keys below `section` of one layer of the TLS policy, which `at` points at.
[[nodiscard]] std::vector<Key> tls_policy_keys(
    const std::string& section, const std::function<TlsPolicy&(Settings&)>& at
);
/// Those below `section`.client_certificate alone.
[[nodiscard]] std::vector<Key> client_certificate_keys(
    const std::string& section, const std::function<TlsPolicy::ClientCertificates&(Settings&)>& at
);

inline void append(std::vector<Key>& keys, std::vector<Key> more) {
    std::move(more.begin(), more.end(), std::back_inserter(keys));
}

}  // namespace hsmfront::config
