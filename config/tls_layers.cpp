#include "config/tls_layers.hpp"

#include <array>

namespace hsmfront::config {
namespace {

using ClientCertificates = TlsPolicy::ClientCertificates;

TlsPolicy only(const ClientCertificates& certificates) {
    TlsPolicy layer;
    layer.client_certificate = certificates;
    return layer;
}

}  // namespace

TlsLayers ftp_tls_layers(const Settings& settings) {
    TlsLayers layers{"ftp", &settings.tls.policy, &settings.ftp.tls, {}, &settings.ftp.hosts};
    for (const auto& listener : settings.ftp.listen) {
        layers.listeners.push_back(&listener.client_certificate);
    }
    return layers;
}

TlsLayers http_tls_layers(const Settings& settings) {
    TlsLayers layers{"http", &settings.tls.policy, &settings.http.tls, {}, &settings.http.hosts};
    for (const auto& listener : settings.http.listen) {
        layers.listeners.push_back(&listener.client_certificate);
    }
    return layers;
}

Tls resolve_tls(const TlsLayers& layers, std::size_t listener, const Host* host) {
    const TlsPolicy of_listener = only(*layers.listeners.at(listener));
    const TlsPolicy nothing;
    const std::array<const TlsPolicy*, 4> all{
        layers.common, layers.protocol, &of_listener, host == nullptr ? &nothing : &host->tls};
    return resolve_tls(all);
}

std::string client_certificate_key(
    const TlsLayers& layers, std::size_t listener, const Host* host
) {
    std::string key = "tls";
    if (host != nullptr && host->tls.client_certificate != ClientCertificates{}) {
        key = layers.name + ".hosts[" + host->name + "].tls";
    } else if (*layers.listeners.at(listener) != ClientCertificates{}) {
        key = layers.name + ".listen[" + std::to_string(listener) + "]";
    } else if (layers.protocol->client_certificate != ClientCertificates{}) {
        key = layers.name + ".tls";
    }
    return key + ".client_certificate";
}

}  // namespace hsmfront::config
