// Contexts: the TLS contexts of a protocol, made of settings and identities.
#pragma once

#include "certs/chain.hpp"
#include "config/problem.hpp"
#include "config/settings.hpp"
#include "proxy/runtime/identities.hpp"
#include "proxy/runtime/protocol.hpp"
#include "proxy/tls/context.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace hsmfront::runtime {

/// One for each listener of `protocol`, in the order of `listen`; those with the same policy share
/// one.
using ListenerContexts = std::vector<std::shared_ptr<const tls::Context>>;

/// `identities` holds every alias of `protocol`, or none: then no handshake succeeds. Blocks
/// (files). Sessions are resumed with `resumption`; null: by each context alone.
[[nodiscard]] certs::Loaded<ListenerContexts> make_contexts(
    const config::Settings& settings,
    Protocol protocol,
    const Identities& identities,
    const std::shared_ptr<tls::Resumption>& resumption = nullptr
);

/// The CA and CRL files that make_contexts() reads, each once.
[[nodiscard]] std::vector<std::filesystem::path> client_certificate_files(
    const config::Settings& settings, Protocol protocol
);

/// What cannot be done of the values in `tls`, and of those in the layers of `protocol` and its
/// hosts. make_contexts() refuses them too.
[[nodiscard]] std::vector<config::Problem> common_policy_problems(const config::Settings& settings);
[[nodiscard]] std::vector<config::Problem> policy_problems(
    const config::Settings& settings, Protocol protocol
);

/// "alias (type, until YYYY-MM-DD)" of each certificate.
[[nodiscard]] std::string summary(const tls::Context& context);

}  // namespace hsmfront::runtime
