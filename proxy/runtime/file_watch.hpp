// FileWatch: whether files have changed since they were looked at.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace hsmfront::runtime {

/// Looks at what stat(2) says, through symbolic links; reads no file.
class FileWatch {
  public:
    /// Watches nothing.
    FileWatch() = default;
    /// The first look. Made before the files are read, a change while they are is seen at the next.
    explicit FileWatch(std::vector<std::filesystem::path> files);

    [[nodiscard]] bool empty() const noexcept { return files_.empty(); }
    /// Looks; true if a file came, went, or is another than at the last look.
    [[nodiscard]] bool changed();

  private:
    struct Stamp {
        bool there = false;
        std::uint64_t device = 0;
        std::uint64_t inode = 0;
        std::int64_t size = 0;
        std::int64_t modified = 0;  ///< ns
        std::int64_t altered = 0;   ///< ns, ctime: permissions too

        friend bool operator==(const Stamp&, const Stamp&) = default;
    };

    [[nodiscard]] static Stamp look_at(const std::filesystem::path& file);
    [[nodiscard]] std::vector<Stamp> look() const;

    std::vector<std::filesystem::path> files_;
    std::vector<Stamp> stamps_;
};

}  // namespace hsmfront::runtime
