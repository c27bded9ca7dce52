// Fips: OpenSSL's FIPS provider (fips_module(7)) in the place of its default one.
#pragma once

#include <string>

namespace hsmfront::tls {

/// From here on all cryptography of this process is the FIPS provider's, but the signatures made by
/// an HSM, which is a module of its own. Before anything else of OpenSSL is used, on the main
/// thread, and once: there is no way back. Empty, or why it cannot be and what to do about it.
[[nodiscard]] std::string use_fips();

}  // namespace hsmfront::tls
