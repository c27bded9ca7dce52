// Secrets that a test knows, because it made them, and where to look for them.
#pragma once

#include "tests/harness/material.hpp"
#include "tests/harness/memory_scan.hpp"

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace hsmfront::test {

/// Bytes that give a private key away, by what they are. Of long numbers 32 bytes from the middle.
using KeyNumbers = std::vector<std::pair<std::string, std::string>>;

/// Gives `token` another PIN. Throws std::runtime_error, as all of these do.
void change_pin(const Token& token, const std::string& old_pin, const std::string& new_pin);

/// A key pair as `folder`/`alias`.key (RSA 2048 if `alias` is "rsa", else P-256) and its
/// certificate chain as `alias`.pem, from a CA in `ca`, made if need be. Returns the key file.
[[nodiscard]] std::filesystem::path make_key(
    const std::string& alias, const std::filesystem::path& folder, const std::filesystem::path& ca
);

void import_key(
    const Token& token,
    const std::string& pin,
    const std::string& label,
    const std::filesystem::path& key_file
);

/// The private numbers of a key, with the most significant byte first and last (as OpenSSL has
/// them in memory on this machine).
[[nodiscard]] KeyNumbers private_numbers(const std::filesystem::path& key_file);

/// Those that a core file would hold, and those it would not.
[[nodiscard]] std::pair<std::vector<Sighting>, std::vector<Sighting>> by_dumping(
    std::vector<Sighting> sightings
);

/// The regular files that `process` has open or mapped, and those in `folder`, but for the folders
/// of tokens and of other servers in it.
[[nodiscard]] std::vector<std::filesystem::path> files_of(
    pid_t process, const std::filesystem::path& folder
);

}  // namespace hsmfront::test
