// PinKeeper: the PINs that the service works with, and those it must not send again.
#pragma once

#include "certs/hsm.hpp"
#include "certs/secret.hpp"
#include "config/settings.hpp"

#include <vector>

namespace hsmfront::runtime {

[[nodiscard]] certs::Pins copy(const certs::Pins& pins);

/// One thread.
class PinKeeper {
  public:
    /// The PIN of each token of `settings`: `written`, or read from its source; a token without
    /// one takes the first's. Without a source for the first, or with one whose PIN was refused:
    /// what an operator typed, unless the token wants none. Errc: pin_missing with nothing to read
    /// (ask an operator), those of read_pin(), those of certs::needs_pin() (token_unavailable among
    /// them).
    [[nodiscard]] certs::Loaded<certs::Pins> collect(
        const config::Hsm& settings, const certs::Pins& written
    );

    /// An operator typed it. Kept for later logins.
    void typed(certs::Secret pin) { typed_ = std::move(pin); }
    /// What an operator typed, or empty.
    [[nodiscard]] certs::Secret typed_one() const { return typed_.copy(); }

    /// These were refused by a token. They are not sent again by a retry or a reload; what was
    /// typed is forgotten, so that it is asked for anew.
    void refused(const certs::Pins& pins);
    [[nodiscard]] bool was_refused(const certs::Pins& pins) const;

  private:
    [[nodiscard]] bool refused_first(const certs::Secret& pin) const;

    certs::Secret typed_;
    std::vector<certs::Pins> refused_;
};

}  // namespace hsmfront::runtime
