// PolicyCheck: what OpenSSL thinks of a policy's values, before anything is built with them.
#pragma once

#include "config/problem.hpp"
#include "config/tls_settings.hpp"

#include <string>
#include <vector>

namespace hsmfront::tls {

/// What cannot be done of `layer`, whose key is `section` ("http.tls"): one problem for each wrong
/// value, with its key, the value and a remedy. OpenSSL itself passes over what it does not know in
/// a list of ciphers, so each element is tried alone.
[[nodiscard]] std::vector<config::Problem> policy_problems(
    const config::TlsPolicy& layer, const std::string& section
);

}  // namespace hsmfront::tls
