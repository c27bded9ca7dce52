#include "tests/tools/soak/content.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <vector>

namespace soak {
namespace {

constexpr std::size_t word = sizeof(std::uint64_t);
constexpr std::size_t piece = std::size_t{64} * 1024;

/// SplitMix64 (Steele, Lea, Flood, 2014): word `index` of the file of `seed`.
std::uint64_t word_of(std::uint64_t seed, std::uint64_t index) {
    std::uint64_t z = seed + (index + 1) * 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
}

}  // namespace

void produce(std::uint64_t seed, std::size_t offset, std::span<char> bytes) {
    while (!bytes.empty()) {
        const std::uint64_t value = word_of(seed, offset / word);
        std::array<char, word> text{};
        std::memcpy(text.data(), &value, word);
        const std::size_t from = offset % word;
        const std::size_t count = std::min(bytes.size(), word - from);
        std::memcpy(bytes.data(), text.data() + from, count);
        bytes = bytes.subspan(count);
        offset += count;
    }
}

void Checker::take(std::span<const char> bytes) {
    if (taken_ + bytes.size() > file_.size) {
        equal_ = false;
    }
    std::vector<char> expected(bytes.size());
    produce(file_.seed, taken_, expected);
    equal_ = equal_ && std::equal(bytes.begin(), bytes.end(), expected.begin());
    taken_ += bytes.size();
}

void write_file(const std::filesystem::path& path, const File& file) {
    std::ofstream out(path, std::ios::binary);
    std::vector<char> bytes(piece);
    for (std::size_t at = 0; at < file.size; at += piece) {
        const std::span<char> part{bytes.data(), std::min(piece, file.size - at)};
        produce(file.seed, at, part);
        out.write(part.data(), static_cast<std::streamsize>(part.size()));
    }
}

bool holds(const std::filesystem::path& path, const File& file) {
    std::ifstream in(path, std::ios::binary);
    Checker checker(file);
    std::vector<char> bytes(piece);
    while (in) {
        in.read(bytes.data(), static_cast<std::streamsize>(piece));
        checker.take({bytes.data(), static_cast<std::size_t>(in.gcount())});
    }
    return in.eof() && checker.whole();
}

}  // namespace soak
