#include "tests/support/temp_dir.hpp"

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>

namespace hsmfront::test {
namespace {

[[noreturn]] void fail(const std::string& what) {
    throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

TempDir::TempDir() {
    std::string name = std::filesystem::temp_directory_path() / "hsmfront-test-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) {
        fail(name);
    }
    path_ = name;
}

TempDir::~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::filesystem::path TempDir::write(std::string_view name, std::string_view content) const {
    write_file(path_ / name, content);
    return path_ / name;
}

void write_file(const std::filesystem::path& file, std::string_view content) {
    const std::filesystem::path temporary = file.string() + ".new";
    {
        std::ofstream stream(temporary, std::ios::binary | std::ios::trunc);
        stream << content;
        if (!stream.flush()) {
            fail(temporary);
        }
    }
    std::filesystem::rename(temporary, file);
}

std::string read_file(const std::filesystem::path& file) {
    const std::ifstream stream(file, std::ios::binary);
    std::ostringstream content;
    content << stream.rdbuf();
    if (!stream) {
        fail(file);
    }
    return content.str();
}

}  // namespace hsmfront::test
