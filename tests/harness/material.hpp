// Keys and certificates shared by all tests of a build, and a token copied for each test.
#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace hsmfront::test {

/// What make_material.sh made; made at the first use in a build directory, then kept.
struct Material {
    std::filesystem::path directory;

    [[nodiscard]] static const Material& get();

    [[nodiscard]] std::filesystem::path ca() const { return directory / "ca" / "ca.pem"; }
    [[nodiscard]] std::filesystem::path certificates() const { return directory / "certs"; }
    /// Chains and <alias>.key files, for `hsm.enabled: false`.
    [[nodiscard]] std::filesystem::path key_files() const { return directory / "files"; }
};

/// A SoftHSM2 token of a test's own: label "front", PIN 123456, keys "rsa" and "ec".
class Token {
  public:
    static constexpr const char* module = "/usr/lib/softhsm/libsofthsm2.so";
    static constexpr const char* label = "front";
    static constexpr const char* pin = "123456";

    /// Copies the token to `directory`.
    explicit Token(const std::filesystem::path& directory);

    /// SOFTHSM2_CONF, for whoever loads the module.
    [[nodiscard]] std::map<std::string, std::string> environment() const;

  private:
    std::filesystem::path configuration_;
};

}  // namespace hsmfront::test
