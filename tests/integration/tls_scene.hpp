// TlsScene: hsmfront without backends, and clients that offer just what a test is about.
#pragma once

#include "tests/harness/front_stage.hpp"
#include "tests/harness/material.hpp"
#include "tests/harness/tls_client.hpp"
#include "tests/harness/wire.hpp"

#include <gmock/gmock.h>

#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace hsmfront::test {

/// Where a client comes in.
enum class Door { https, ftps_explicit, ftps_implicit };

inline constexpr std::array all_doors{Door::https, Door::ftps_explicit, Door::ftps_implicit};

[[nodiscard]] std::string to_string(Door door);
/// For GoogleTest.
void PrintTo(Door door, std::ostream* out);

/// A ClientHello. Empty lists: OpenSSL's own, at security level 0.
struct Offer {
    int version = 0;           ///< the only one; 0: 1.2 and 1.3
    std::string ciphers = {};  ///< of TLS 1.2
    std::string suites = {};   ///< of TLS 1.3
    std::string groups = {};
    std::string signatures = {};
    std::string name = "localhost";  ///< SNI; empty: none
    std::string second_name = {};    ///< SNI of the second ClientHello, if there is one
    std::vector<std::string> alpn = {};
    std::uint64_t options = 0;  ///< SSL_CTX_set_options(3)
    bool fallback = false;      ///< TLS_FALLBACK_SCSV (RFC 7507)
    TlsSession session = nullptr;
    std::string host = {};                ///< HOST before AUTH
    std::filesystem::path certificate{};  ///< chain of the client in PEM
    std::filesystem::path key{};
};

/// What became of it.
struct Answer {
    bool accepted = false;
    int alert = -1;  ///< the last one received
    std::string version;
    std::string cipher;
    std::string group;
    std::string signature;  ///< type and digest: "RSASSA-PSS SHA256"
    std::string key;        ///< type of the certificate's: "RSA", "EC"
    std::string alpn;
    bool resumed = false;
    bool asked_for_certificate = false;
    int authorities = 0;   ///< names of CAs in that
    TlsSession session{};  ///< to resume
};

/// For GoogleTest.
void PrintTo(const Answer& answer, std::ostream* out);

/// A client's connection. OpenSSL's callbacks hold its address.
struct TlsConnection {
    Offer offer;
    Answer answer{};
    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context{nullptr, SSL_CTX_free};
    Wire wire{};
};

/// Keys "rsa" and "ec" in a token of the test's own; both protocols serve both.
class TlsScene : public FrontStage {
  protected:
    TlsScene();

    /// From files instead.
    void take_keys_from_files();
    [[nodiscard]] std::uint16_t port(Door door) const;
    /// `offer` comes in; the answer is complete, tickets too, when it returns.
    [[nodiscard]] Answer ask(Door door, const Offer& offer = {}) const;
    /// The same, keeping the connection.
    [[nodiscard]] std::unique_ptr<TlsConnection> connect(Door door, const Offer& offer) const;
    /// Of `all`, those that are accepted when `change` makes them an offer's only one.
    template <class Change>
    [[nodiscard]] std::vector<std::string> accepted(
        Door door, const std::vector<std::string>& all, Change change
    ) const {
        std::vector<std::string> found;
        for (const std::string& one : all) {
            Offer offer;
            change(offer, one);
            if (ask(door, offer).accepted) {
                found.push_back(one);
            }
        }
        return found;
    }

    Token token;
};

/// Every cipher of TLS 1.2 and below that OpenSSL has for an unwise client.
[[nodiscard]] std::vector<std::string> all_ciphers();

}  // namespace hsmfront::test
