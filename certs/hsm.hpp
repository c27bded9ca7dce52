// Hsm: one PKCS#11 token in use: module, login, keys by alias, signer threads, loss and recovery.
#pragma once

#include "certs/chain.hpp"
#include "certs/histogram.hpp"
#include "certs/remote_key.hpp"
#include "certs/secret.hpp"
#include "config/settings.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace hsmfront::certs {

/// One token in use; a consistent-enough copy, from any thread.
struct TokenStatus {
    enum class State { up, recovering, refused_pin, stopped };
    std::string label;
    State state = State::recovering;
    std::string reason;          ///< why it is not up
    std::size_t generation = 0;  ///< connections to the token so far
    std::size_t queued = 0;
    std::size_t signers = 0;
    std::size_t wedged = 0;  ///< signers stuck in the token and written off
    std::uint64_t signatures = 0;
    std::uint64_t failures = 0;  ///< begun or queued, and failed or late
    std::uint64_t refused = 0;   ///< not even queued
    Histogram wait;              ///< from queued to begun
    /// Of the last good signature, a client's or the supervisor's own test signature.
    std::chrono::steady_clock::time_point last_signature{};
};

/// What one alias did in one token.
struct KeyStatus {
    std::string alias;
    std::string token;  ///< its label
    KeyType type = KeyType::rsa;
    std::uint64_t signatures = 0;
    Histogram latency;                            ///< of the token, without the queue
    std::map<std::string, std::uint64_t> errors;  ///< by class: request, session, login, …
};

struct HsmStatus {
    std::vector<TokenStatus> tokens;  ///< as configured: hsm.token first, then hsm.failover
    std::vector<KeyStatus> keys;

    /// True when a token made a signature within the last `age`.
    [[nodiscard]] bool proven_within(std::chrono::milliseconds age) const;
    /// Signers stuck in any token.
    [[nodiscard]] std::size_t wedged() const;
};

/// The PINs of `hsm.token` and then of each of `hsm.failover`; empty for a token without login.
using Pins = std::vector<Secret>;

/// One token, or several that hold the same keys: a signature goes to the first that is up.
class Hsm {
  public:
    /// Loads modules, finds tokens, logs in and starts `settings.signers` signer threads for each
    /// token. Blocks; call it off the workers, after privileges are dropped; no fork afterwards.
    /// Succeeds as soon as one token is usable; the others go on being looked for. Otherwise the
    /// failure of the first that may come back, else of the first.
    /// Errc: module_not_loadable, token_not_found, token_unavailable, pin_incorrect, pin_locked,
    /// login_failed.
    [[nodiscard]] static Loaded<std::shared_ptr<Hsm>> open(const config::Hsm& settings, Pins pins);

    virtual ~Hsm() = default;

    /// Finds the private key whose CKA_LABEL is `alias`, with its public half (from the token's
    /// public key or certificate, else from `expected`, the certificate's key, whose match a test
    /// signature then proves). Makes a test signature, for RSA one with each padding. In a token
    /// that is away it is looked for when that is back. Blocks; not on workers.
    /// Errc: key_not_found, key_ambiguous, key_unsupported, key_mismatch, signature_failed;
    /// token_unavailable (worth another try later), stopped.
    [[nodiscard]] virtual Loaded<std::shared_ptr<RemoteKey>> find_key(
        const std::string& alias, EVP_PKEY* expected
    ) = 0;

    /// The certificates stored under `alias` (CKA_LABEL, CKO_CERTIFICATE), leaf first. Blocks.
    /// Errc: key_not_found (none there), token_unavailable, stopped.
    [[nodiscard]] virtual Loaded<Chain> find_certificate(const std::string& alias) = 0;

    /// Planned new start: signers finish what they have in hand, signatures wait in the queue
    /// meanwhile (none fails but by its own deadline), the modules are closed and loaded afresh, by
    /// which keys made by other processes become visible, the tokens logged into with `pins`, every
    /// known key proven. If that fails everything is put back as it was with the PINs of before,
    /// and the failure is returned. A PIN that was refused before is not sent (pin_incorrect).
    /// Brings a token back from `refused_pin`. Blocks for at most about two times `sign_timeout`
    /// and the module's own time; not on workers. Errc: as for open; stopped.
    [[nodiscard]] virtual Loaded<void> renew(Pins pins) = 0;

    /// True while any RemoteKey of it lives: then it must not be stopped.
    [[nodiscard]] virtual bool in_use() const = 0;

    [[nodiscard]] virtual HsmStatus status() const = 0;

    /// Ends signer threads; jobs still queued fail with Errc::stopped. A signer stuck in the module
    /// is left behind, and the module then stays loaded and un-finalised (C_Finalize during C_Sign
    /// crashes): then `status().wedged()` is not 0 and the process must end by _exit(2). Waits for
    /// at most three times `sign_timeout`. Idempotent.
    virtual void stop() = 0;
};

/// True if the token described by `settings` wants a PIN typed here: login required, and no
/// protected authentication path. Loads the module. Blocks.
[[nodiscard]] Loaded<bool> needs_pin(const config::Hsm& settings);

}  // namespace hsmfront::certs
