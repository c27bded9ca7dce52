// TempDir: a directory that is gone with everything in it when the test ends.
#pragma once

#include <filesystem>
#include <string_view>

namespace hsmfront::test {

class TempDir {
  public:
    /// Below $TMPDIR or /tmp. Throws std::system_error.
    TempDir();
    ~TempDir();
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
    [[nodiscard]] std::filesystem::path operator/(std::string_view name) const {
        return path_ / name;
    }

    /// Writes a file in it, in one step for readers (rename(2)). Returns its path.
    std::filesystem::path write(std::string_view name, std::string_view content) const;

  private:
    std::filesystem::path path_;
};

/// Writes `file` so that a reader sees the old or the new content, never a part. Throws.
void write_file(const std::filesystem::path& file, std::string_view content);

/// Throws std::system_error.
[[nodiscard]] std::string read_file(const std::filesystem::path& file);

}  // namespace hsmfront::test
