// The PIN typed at the terminal.
#pragma once

#include "certs/chain.hpp"
#include "certs/secret.hpp"

#include <chrono>
#include <stop_token>
#include <string>

namespace hsmfront::certs {

struct PinPrompt {
    std::string question;             ///< shown as it is, "PIN of token 'x': "
    std::chrono::milliseconds limit;  ///< `hsm.pin_timeout`
    std::stop_token stop;             ///< ends the wait at once
    std::string terminal = "/dev/tty";
};

/// Asks for a PIN with the echo off and waits for it. Blocks up to `limit`; call it on a thread
/// that may wait. The terminal is put back as it was in every case: typed, timed out, stopped, and
/// when a signal whose default action is left in place (SIGINT, SIGTERM, SIGHUP, SIGQUIT) ends the
/// process. An empty line asks again. Errc: pin_missing (no terminal, in the background, not typed
/// in time, stopped).
[[nodiscard]] Loaded<Secret> prompt_pin(const PinPrompt& prompt);

}  // namespace hsmfront::certs
