// Files that tests make, read and compare.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace hsmfront::test {

/// A directory below $TMPDIR, deleted with what it holds.
class TempDir {
  public:
    TempDir();
    ~TempDir();
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

/// Empty if there is no such file.
[[nodiscard]] std::string read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, const std::string& text);
/// `size` bytes that do not compress and differ from call to call.
void write_random(const std::filesystem::path& path, std::size_t size);
/// Hexadecimal; "missing" if there is no such file.
[[nodiscard]] std::string sha256(const std::filesystem::path& path);
/// 0 if there is no such file.
[[nodiscard]] std::size_t size_of(const std::filesystem::path& path);

}  // namespace hsmfront::test
