// TlsLayers: which layers of the TLS policy apply to a connection.
#pragma once

#include "config/settings.hpp"

#include <string>
#include <vector>

namespace hsmfront::config {

/// The layers of one protocol.
struct TlsLayers {
    std::string name;  ///< "ftp", "http"
    const TlsPolicy* common = nullptr;
    const TlsPolicy* protocol = nullptr;
    std::vector<const TlsPolicy::ClientCertificates*> listeners;  ///< in the order of `listen`
    const std::vector<Host>* hosts = nullptr;
};

/// Both point into `settings`.
[[nodiscard]] TlsLayers ftp_tls_layers(const Settings& settings);
[[nodiscard]] TlsLayers http_tls_layers(const Settings& settings);

/// What applies to clients of listener `listener` that ask for `host`; null: for no known name.
[[nodiscard]] Tls resolve_tls(const TlsLayers& layers, std::size_t listener, const Host* host);

/// The key of the most specific layer of these that says something about client certificates:
/// "http.listen[0].client_certificate".
[[nodiscard]] std::string client_certificate_key(
    const TlsLayers& layers, std::size_t listener, const Host* host
);

}  // namespace hsmfront::config
