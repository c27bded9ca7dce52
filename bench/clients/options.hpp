// Words of the command line of the load clients: "name=value" pairs.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace hsmfront::bench {

using Clock = std::chrono::steady_clock;

/// `name=value` words, each with a default; a word that nobody asked for is an error of the user.
class Options {
  public:
    /// Words from `first` on. Throws std::invalid_argument for one that is not "name=value".
    Options(int argc, char** argv, int first);

    [[nodiscard]] std::string text(const std::string& name, std::string_view otherwise);
    /// Throws std::invalid_argument if the value is not a number ≥ 0.
    [[nodiscard]] std::uint64_t number(const std::string& name, std::uint64_t otherwise);
    [[nodiscard]] double seconds(const std::string& name, double otherwise);

    /// Throws std::invalid_argument if there are words that were not asked for above.
    void expect_no_more() const;

  private:
    std::string take(const std::string& name);

    std::map<std::string, std::string> words_;
};

}  // namespace hsmfront::bench
