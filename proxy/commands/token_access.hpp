// What commands do to get at the token: PIN, login, and how a failure is told.
#pragma once

#include "certs/admin_token.hpp"
#include "config/settings.hpp"

#include <string>

namespace hsmfront::commands {

/// Log lines of libraries go to stderr, no core file can hold the PIN, and a PKCS#11 library that
/// writes to a closed socket does not end the process. First thing in a command that logs in.
void prepare_process();

/// "hsmfront: MESSAGE" on stderr; returns exit_failed.
int fail(const certs::Failure& failure);
int fail(const std::string& message);
void warn(const std::string& message);

/// Fails where the configuration names no module or token. Errc: module_not_loadable.
[[nodiscard]] certs::Loaded<void> check_configured(const config::Hsm& settings);

/// The PIN from where the configuration says, else from the terminal within hsm.pin_timeout; empty
/// if the token wants none typed here. Where none should be sent (locked, or the last try and
/// `risk` is avoid) it is not asked for. Errc: those of read_pin, prompt_pin, find_token;
/// pin_locked.
[[nodiscard]] certs::Loaded<certs::Secret> find_pin(
    const config::Hsm& settings, certs::PinRisk risk = certs::PinRisk::avoid
);

/// Logs in with the PIN of find_pin.
[[nodiscard]] certs::Loaded<certs::AdminToken> open_token(const config::Hsm& settings);

}  // namespace hsmfront::commands
