// The PIN from where the configuration says it is.
#pragma once

#include "certs/chain.hpp"
#include "certs/secret.hpp"
#include "config/settings.hpp"

#include <map>
#include <string>

namespace hsmfront::certs {

/// Reads the PIN that `source` names: the value itself, a file, an environment variable or a
/// systemd credential ($CREDENTIALS_DIRECTORY/<name>). One newline at the end is not part of it.
/// The first reading of an environment variable empties it; what it held is kept for the next.
/// Errc: pin_missing (nothing configured, variable unset, or the PIN is empty), file_unreadable,
/// file_malformed (longer than 256 bytes: not a PIN).
[[nodiscard]] Loaded<Secret> read_pin(const config::PinSource& source);

/// PINs that read_pin() took out of environment variables, by their names.
[[nodiscard]] std::map<std::string, Secret> taken_variables();
/// As if read_pin() had taken them here: another process of ours did.
void take_variables(std::map<std::string, Secret> pins);

}  // namespace hsmfront::certs
