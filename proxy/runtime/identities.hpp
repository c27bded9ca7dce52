// Identities: the certificates of a protocol and the keys to them.
#pragma once

#include "certs/chain.hpp"
#include "certs/hsm.hpp"
#include "config/settings.hpp"
#include "proxy/runtime/protocol.hpp"
#include "proxy/tls/context.hpp"

#include <map>
#include <string>

namespace hsmfront::runtime {

/// Certificates with their keys, by alias.
using Identities = std::map<std::string, tls::IdentityPtr>;

/// Those of all aliases of `protocol`, proven to match. `hsm` is null for a protocol whose keys are
/// files. Blocks (files, token); not on workers. The message names alias, file and remedy.
[[nodiscard]] certs::Loaded<Identities> load_identities(
    const config::Settings& settings, Protocol protocol, certs::Hsm* hsm
);

/// The chain of `alias`: from `certificates`/<alias>.pem, else from the token if there is one.
[[nodiscard]] certs::Loaded<certs::Chain> load_chain(
    const config::Settings& settings, const std::string& alias, certs::Hsm* hsm
);

}  // namespace hsmfront::runtime
