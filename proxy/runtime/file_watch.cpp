#include "proxy/runtime/file_watch.hpp"

#include <utility>

namespace hsmfront::runtime {

FileWatch::FileWatch(std::vector<std::filesystem::path> files)
    : files_(std::move(files)), stamps_(look()) {}

bool FileWatch::changed() {
    const std::vector<certs::FileStamp> before = std::exchange(stamps_, look());
    return before != stamps_;
}

std::vector<certs::FileStamp> FileWatch::look() const {
    std::vector<certs::FileStamp> stamps;
    for (const auto& file : files_) {
        stamps.push_back(certs::stamp_of(file));
    }
    return stamps;
}

}  // namespace hsmfront::runtime
