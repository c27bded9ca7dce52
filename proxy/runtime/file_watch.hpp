// FileWatch: whether files have changed since they were looked at.
#pragma once

#include "certs/file_stamp.hpp"

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
    [[nodiscard]] std::vector<certs::FileStamp> look() const;

    std::vector<std::filesystem::path> files_;
    std::vector<certs::FileStamp> stamps_;
};

}  // namespace hsmfront::runtime
