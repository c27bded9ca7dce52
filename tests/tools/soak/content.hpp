// File contents that their seed tells: no copy of them is kept anywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace soak {

struct File {
    std::string name;
    std::uint64_t seed = 0;
    std::size_t size = 0;
};

/// The bytes of the file of `seed` from `offset` on.
void produce(std::uint64_t seed, std::size_t offset, std::span<char> bytes);

/// Compares bytes with those that a file has, from its beginning on.
class Checker {
  public:
    explicit Checker(const File& file) : file_(file) {}

    void take(std::span<const char> bytes);
    [[nodiscard]] std::size_t taken() const { return taken_; }
    /// What was taken is a beginning of the file.
    [[nodiscard]] bool equal() const { return equal_; }
    /// What was taken is the whole file.
    [[nodiscard]] bool whole() const { return equal_ && taken_ == file_.size; }

  private:
    File file_;
    std::size_t taken_ = 0;
    bool equal_ = true;
};

void write_file(const std::filesystem::path& path, const File& file);
[[nodiscard]] bool holds(const std::filesystem::path& path, const File& file);

}  // namespace soak
