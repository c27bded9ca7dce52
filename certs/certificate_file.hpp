// Certificates from files as authorities hand them out, and the file that the proxy reads.
#pragma once

#include "certs/chain.hpp"

#include <filesystem>
#include <string_view>
#include <vector>

namespace hsmfront::certs {

/// Every certificate of `file`: PEM (any number, other blocks skipped), DER, PKCS#7 in either.
/// Errc: file_unreadable, file_malformed (none in it, one that cannot be parsed).
[[nodiscard]] Loaded<std::vector<X509Ptr>> read_certificates(const std::filesystem::path& file);

/// `certificates` as PEM, one after the other.
[[nodiscard]] std::string pem_of(const std::vector<X509Ptr>& certificates);

/// Writes `content` so that a reader finds the old file or the whole new one, and so that it
/// outlives a crash: temporary file, fsync, rename, fsync of the folder. Mode 0644; who owns the
/// folder owns the file, where we may give it away. Errc: file_unreadable.
[[nodiscard]] Loaded<void> replace_file(
    const std::filesystem::path& file, std::string_view content
);

}  // namespace hsmfront::certs
