// SoftHsmToken: a SoftHSM token of its own for a test, with keys as a real one would hold them.
#pragma once

#include "certs/handle.hpp"
#include "certs/session.hpp"
#include "config/settings.hpp"
#include "tests/support/temp_dir.hpp"

#include <string>

namespace hsmfront::test {

enum class TokenKeyKind { rsa_2048, rsa_3072, ec_p256, ec_p384, ec_secp256k1, ed25519 };

/// Sets SOFTHSM2_CONF of this process (children inherit it), so: one token at a time in a process,
/// and made before the module is loaded otherwise. Throws std::runtime_error.
class SoftHsmToken {
  public:
    static constexpr const char* module = "/usr/lib/softhsm/libsofthsm2.so";

    explicit SoftHsmToken(std::string label = "hsmfront", std::string pin = "123456");
    ~SoftHsmToken();
    SoftHsmToken(const SoftHsmToken&) = delete;
    SoftHsmToken& operator=(const SoftHsmToken&) = delete;

    [[nodiscard]] const std::string& label() const noexcept { return label_; }
    [[nodiscard]] const std::string& pin() const noexcept { return pin_; }
    [[nodiscard]] std::filesystem::path config_file() const { return directory_ / "softhsm2.conf"; }

    /// Settings that lead to it, PIN by value; the caller changes what it tests.
    [[nodiscard]] config::Hsm settings() const;

    /// A key pair that cannot be extracted, public half as an object beside it.
    /// `always_authenticate`: the key wants the PIN for each signature.
    void generate(TokenKeyKind kind, const std::string& alias, bool always_authenticate = false);

    /// An EC key pair made by a process of its own (pkcs11-tool).
    void generate_elsewhere(const std::string& alias) const;

    /// The user's PIN from now on, also for `pin()`.
    void change_pin(const std::string& pin);

    [[nodiscard]] certs::EvpPkeyPtr public_key(const std::string& alias);

    /// Stores a certificate object under `alias`.
    void import_certificate(X509* certificate, const std::string& alias);

    /// Deletes private key, public key and certificate of that label.
    void erase(const std::string& alias);

  private:
    /// A logged-in read-write session; module loaded for as long as it lives.
    [[nodiscard]] certs::Session admin_session();
    void initialise();

    TempDir directory_;
    std::string label_;
    std::string pin_;
    unsigned char next_id_ = 1;
};

}  // namespace hsmfront::test
