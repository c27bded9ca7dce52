// Files that tests make, read and compare.
#pragma once

#include "tests/support/temp_dir.hpp"

#include <cstddef>
#include <filesystem>
#include <string>

namespace hsmfront::test {

/// Empty if there is no such file.
[[nodiscard]] std::string text_of(const std::filesystem::path& path);
/// `size` bytes that do not compress and differ from call to call.
void write_random(const std::filesystem::path& path, std::size_t size);
/// Hexadecimal; "missing" if there is no such file.
[[nodiscard]] std::string sha256(const std::filesystem::path& path);
/// 0 if there is no such file.
[[nodiscard]] std::size_t size_of(const std::filesystem::path& path);
/// How often `part` stands in `text`.
[[nodiscard]] std::size_t occurrences(const std::string& text, const std::string& part);

}  // namespace hsmfront::test
