// Protocol: what FTPS and HTTPS have in common when they start.
#pragma once

#include "certs/chain.hpp"
#include "certs/hsm.hpp"
#include "config/settings.hpp"
#include "proxy/tls/context.hpp"

#include <memory>
#include <string_view>
#include <vector>

namespace hsmfront::runtime {

enum class Protocol { ftp, http };

inline constexpr Protocol all_protocols[] = {Protocol::ftp, Protocol::http};

[[nodiscard]] std::string_view name(Protocol protocol);
[[nodiscard]] bool enabled(const config::Settings& settings, Protocol protocol);
/// Ftp.Hsm.enabled or Http.Hsm.enabled.
[[nodiscard]] bool uses_hsm(const config::Settings& settings, Protocol protocol);
[[nodiscard]] const std::vector<std::string>& aliases(
    const config::Settings& settings, Protocol protocol
);
[[nodiscard]] const std::vector<config::Host>& hosts(
    const config::Settings& settings, Protocol protocol
);

/// Where it listens, as configured.
[[nodiscard]] std::vector<config::Endpoint> endpoints(
    const config::Settings& settings, Protocol protocol
);

/// The TLS policy of `protocol`, without keys.
[[nodiscard]] tls::Context::Options tls_options(
    const config::Settings& settings, Protocol protocol
);

/// Certificates and keys of all aliases of `protocol`, proven to match, as a TLS context. `hsm` is
/// null for a protocol whose keys are files. Blocks (files, token); not on workers. The message
/// names alias, file and remedy. Sessions of `predecessor`, if any, can be resumed.
[[nodiscard]] certs::Loaded<std::shared_ptr<const tls::Context>> load_context(
    const config::Settings& settings,
    Protocol protocol,
    certs::Hsm* hsm,
    const tls::Context* predecessor = nullptr
);

/// "alias (type, until YYYY-MM-DD)" of each certificate.
[[nodiscard]] std::string summary(const tls::Context& context);

/// The chain of `alias`: from `certificates`/<alias>.pem, else from the token if there is one.
[[nodiscard]] certs::Loaded<certs::Chain> load_chain(
    const config::Settings& settings, const std::string& alias, certs::Hsm* hsm
);

}  // namespace hsmfront::runtime
