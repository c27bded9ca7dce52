#include "certs/file_stamp.hpp"

#include <sys/stat.h>

namespace hsmfront::certs {
namespace {

std::int64_t nanoseconds(const timespec& time) {
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

FileStamp stamp_of(const std::filesystem::path& file) {
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

}  // namespace hsmfront::certs
