#include "proxy/runtime/protocol.hpp"

namespace hsmfront::runtime {

std::string_view name(Protocol protocol) { return protocol == Protocol::ftp ? "ftp" : "http"; }

bool enabled(const config::Settings& settings, Protocol protocol) {
    return protocol == Protocol::ftp ? settings.ftp.enabled : settings.http.enabled;
}

bool uses_hsm(const config::Settings& settings, Protocol protocol) {
    return protocol == Protocol::ftp ? settings.ftp.hsm_enabled : settings.http.hsm_enabled;
}

const std::vector<std::string>& aliases(const config::Settings& settings, Protocol protocol) {
    return protocol == Protocol::ftp ? settings.ftp.aliases : settings.http.aliases;
}

const std::vector<config::Host>& hosts(const config::Settings& settings, Protocol protocol) {
    return protocol == Protocol::ftp ? settings.ftp.hosts : settings.http.hosts;
}

std::vector<config::Endpoint> endpoints(const config::Settings& settings, Protocol protocol) {
    std::vector<config::Endpoint> found;
    if (protocol == Protocol::ftp) {
        for (const auto& listener : settings.ftp.listen) {
            found.push_back(listener.endpoint);
        }
        return found;
    }
    for (const auto& listener : settings.http.listen) {
        found.push_back(listener.endpoint);
    }
    found.insert(found.end(), settings.http.redirect.begin(), settings.http.redirect.end());
    return found;
}

}  // namespace hsmfront::runtime
