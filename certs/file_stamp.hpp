// FileStamp: by what a changed file is told from the one of before.
#pragma once

#include <cstdint>
#include <filesystem>

namespace hsmfront::certs {

/// What stat(2) says of a file, through symbolic links. Two files are told apart also where size
/// and time of modification are equal: the kernel's clock ticks in milliseconds.
struct FileStamp {
    bool there = false;
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t size = 0;
    std::int64_t modified = 0;  ///< ns
    std::int64_t altered = 0;   ///< ns, ctime: permissions too

    friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

/// That of `file` now; all zero if it cannot be looked at.
[[nodiscard]] FileStamp stamp_of(const std::filesystem::path& file);

}  // namespace hsmfront::certs
