// Files that tests make, read and compare.
#include "tests/harness/files.hpp"

#include <openssl/evp.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <memory>
#include <random>
#include <sstream>
#include <system_error>
#include <vector>

namespace hsmfront::test {

std::string text_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    if (file) {
        text << file.rdbuf();
    }
    return text.str();
}

void write_random(const std::filesystem::path& path, std::size_t size) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    std::mt19937_64 generator(std::random_device{}());
    std::vector<std::uint64_t> block(8192);
    const std::size_t block_size = block.size() * sizeof(block[0]);
    for (std::size_t left = size; left > 0;) {
        for (auto& word : block) {
            word = generator();
        }
        const std::size_t count = std::min(left, block_size);
        file.write(reinterpret_cast<const char*>(block.data()), static_cast<long>(count));
        left -= count;
    }
    if (!file.flush()) {
        throw std::system_error(errno, std::generic_category(), path.string());
    }
}

std::string sha256(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        return "missing";
    }
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> digest(
        EVP_MD_CTX_new(), EVP_MD_CTX_free
    );
    EVP_DigestInit_ex(digest.get(), EVP_sha256(), nullptr);
    std::vector<char> block(65536);
    while (file.read(block.data(), static_cast<long>(block.size())) || file.gcount() > 0) {
        EVP_DigestUpdate(digest.get(), block.data(), static_cast<std::size_t>(file.gcount()));
    }
    std::array<unsigned char, 32> bytes{};
    EVP_DigestFinal_ex(digest.get(), bytes.data(), nullptr);
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const unsigned char byte : bytes) {
        text += digits[byte >> 4U];
        text += digits[byte & 15U];
    }
    return text;
}

std::size_t size_of(const std::filesystem::path& path) {
    std::error_code missing;
    const auto size = std::filesystem::file_size(path, missing);
    return missing ? 0 : static_cast<std::size_t>(size);
}

std::size_t occurrences(const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
        ++found;
    }
    return found;
}

}  // namespace hsmfront::test
