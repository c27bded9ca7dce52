// Hsm: one PKCS#11 token in use: module, login, keys by alias, signer threads, loss and recovery.
#pragma once

#include "certs/chain.hpp"
#include "certs/remote_key.hpp"
#include "certs/secret.hpp"
#include "config/settings.hpp"

#include <functional>
#include <memory>
#include <string>

namespace hsmfront::certs {

/// Counters and state for logs and metrics; a consistent-enough copy, from any thread.
struct HsmStatus {
    enum class State { up, recovering, refused_pin, stopped };
    State state = State::recovering;
    std::size_t generation = 0;
    std::size_t queued = 0;
    std::size_t signers = 0;
    std::size_t wedged = 0;  ///< signers stuck in the token and written off
    std::uint64_t signatures = 0;
    std::uint64_t failures = 0;  ///< begun or queued, and failed or late
    std::uint64_t refused = 0;   ///< not even queued
};

class Hsm {
  public:
    /// Loads the module, finds the token, logs in with `pin` and starts `settings.signers` signer
    /// threads. Blocks; call it off the workers, after privileges are dropped and before nothing
    /// else forks. A token that needs no login takes an empty `pin`.
    /// Errc: module_not_loadable, token_not_found, token_unavailable, pin_incorrect, pin_locked,
    /// login_failed.
    [[nodiscard]] static Loaded<std::shared_ptr<Hsm>> open(const config::Hsm& settings, Secret pin);

    virtual ~Hsm() = default;

    /// Finds the private key whose CKA_LABEL is `alias`, with its public half (from the token's
    /// public key or certificate, else from `expected`, the certificate's key, whose match a test
    /// signature then proves). Makes a test signature, for RSA one with each padding. Blocks; not
    /// on workers. Errc: key_not_found, key_ambiguous, key_unsupported, key_mismatch,
    /// signature_failed; token_unavailable (worth another try later), stopped.
    [[nodiscard]] virtual Loaded<std::shared_ptr<RemoteKey>> find_key(
        const std::string& alias, EVP_PKEY* expected
    ) = 0;

    /// The certificates stored under `alias` (CKA_LABEL, CKO_CERTIFICATE), leaf first. Blocks.
    /// Errc: key_not_found (none there), token_unavailable, stopped.
    [[nodiscard]] virtual Loaded<Chain> find_certificate(const std::string& alias) = 0;

    [[nodiscard]] virtual HsmStatus status() const = 0;

    /// Ends signer threads; jobs still queued fail with Errc::stopped. A signer stuck in the module
    /// is left behind, and the module then stays loaded and un-finalised (C_Finalize during C_Sign
    /// crashes): then `status().wedged` is not 0 and the process must end by _exit(2). Waits for at
    /// most three times `sign_timeout`. Idempotent.
    virtual void stop() = 0;
};

/// True if the token described by `settings` wants a PIN typed here: login required, and no
/// protected authentication path. Loads the module. Blocks.
[[nodiscard]] Loaded<bool> needs_pin(const config::Hsm& settings);

}  // namespace hsmfront::certs
