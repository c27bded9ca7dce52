#include "proxy/runtime/file_watch.hpp"

#include <sys/stat.h>
#include <utility>

namespace hsmfront::runtime {
namespace {

std::int64_t nanoseconds(const timespec& time) {
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

FileWatch::FileWatch(std::vector<std::filesystem::path> files)
    : files_(std::move(files)), stamps_(look()) {}

bool FileWatch::changed() {
    const std::vector<Stamp> before = std::exchange(stamps_, look());
    return before != stamps_;
}

FileWatch::Stamp FileWatch::look_at(const std::filesystem::path& file) {
    struct stat info {};
    if (::stat(file.c_str(), &info) != 0) {
        return {};
    }
    return {
        true,
        info.st_dev,
        info.st_ino,
        info.st_size,
        nanoseconds(info.st_mtim),
        nanoseconds(info.st_ctim)};
}

std::vector<FileWatch::Stamp> FileWatch::look() const {
    std::vector<Stamp> stamps;
    for (const auto& file : files_) {
        stamps.push_back(look_at(file));
    }
    return stamps;
}

}  // namespace hsmfront::runtime
