// TokenDirectory: slots, tokens and certificates of a module, as libp11 lists them.
#pragma once

#include "certs/chain.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace hsmfront::certs {

struct ListedToken {
    std::string label;
    std::string manufacturer;
    std::string model;
    std::string serial;
    bool initialised = false;
    bool login_required = false;
    bool pin_pad = false;
    bool pin_set = false;
    bool read_only = false;
};

struct ListedSlot {
    unsigned long id = 0;
    std::string description;
    std::vector<ListedToken> token;  ///< one, or none in an empty slot
};

struct ListedCertificate {
    std::string label;
    std::vector<unsigned char> id;
    X509Ptr certificate;
};

/// For commands only, on one thread, and while no Module of that file is in use in the process:
/// libp11 ends by C_Finalize, which is for the whole process. Sees what needs no login. Makes up
/// for traps of libp11 0.4.12: no slot at all is no error, a session that cannot be opened does not
/// hang, and everything is let go of in the one order that does not crash.
class TokenDirectory {
  public:
    /// Errc: module_not_loadable.
    [[nodiscard]] static Loaded<TokenDirectory> open(const std::filesystem::path& module);

    ~TokenDirectory();
    TokenDirectory(TokenDirectory&&) noexcept;
    TokenDirectory& operator=(TokenDirectory&&) noexcept;
    TokenDirectory(const TokenDirectory&) = delete;
    TokenDirectory& operator=(const TokenDirectory&) = delete;

    [[nodiscard]] const std::vector<ListedSlot>& slots() const;

    /// The certificates in slot `id`. Errc: token_unavailable.
    [[nodiscard]] Loaded<std::vector<ListedCertificate>> certificates(unsigned long id) const;

  private:
    struct Libp11;
    explicit TokenDirectory(std::unique_ptr<Libp11> libp11);

    std::unique_ptr<Libp11> libp11_;
};

/// Certificates of the token that `selector` names, by one TokenDirectory of their own.
/// Errc: those of find_token and above.
[[nodiscard]] Loaded<std::vector<ListedCertificate>> list_certificates(
    const std::filesystem::path& module, const std::string& selector
);

}  // namespace hsmfront::certs
