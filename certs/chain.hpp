// Chain: a certificate and its issuers, in order.
#pragma once

#include "certs/handle.hpp"
#include "config/result.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace hsmfront::certs {

/// A failure with its reason in words: what, where, and what to do. For start-up, where the
/// operator reads it; data paths use plain error codes.
struct Failure {
    error_code code;
    std::string message;
};

template <class T>
using Loaded = boost::system::result<T, Failure>;

/// Certificates as read, leaf first.
struct Chain {
    std::vector<X509Ptr> certificates;

    [[nodiscard]] X509* leaf() const { return certificates.front().get(); }
};

/// Reads all PEM certificates of `file`; the first is the leaf. Errc: file_unreadable,
/// file_malformed (none in it, or not parseable).
[[nodiscard]] Loaded<Chain> read_chain(const std::filesystem::path& file);

/// Reads all PEM certificates of `file`, in any order, as trust anchors. Errc as above.
[[nodiscard]] Loaded<std::vector<X509Ptr>> read_authorities(const std::filesystem::path& file);

/// Checks that the leaf's public key is `key`'s. Errc: key_mismatch. `alias` is for the message.
[[nodiscard]] Loaded<void> check_match(const Chain& chain, EVP_PKEY* key, const std::string& alias);

/// Reads a PEM private key (`<alias>.key`). Errc: file_unreadable, file_malformed (also when it is
/// encrypted, which is not supported).
[[nodiscard]] Loaded<EvpPkeyPtr> read_private_key(const std::filesystem::path& file);

}  // namespace hsmfront::certs
