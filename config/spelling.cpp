// Spelling: edit distance with swapped neighbours counted once (optimal string alignment).
#include "config/spelling.hpp"

#include "config/yaml_tree.hpp"

#include <algorithm>
#include <vector>

namespace hsmfront::config {
namespace {

constexpr std::size_t longest_word = 64;

std::string plain(std::string_view word) {
    std::string out = lower_case(word);
    out.erase(
        std::remove_if(out.begin(), out.end(), [](char c) { return c == '_' || c == '-'; }),
        out.end()
    );
    return out;
}

std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1);
    std::vector<std::size_t> previous(b.size() + 1);
    std::vector<std::size_t> current(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) {
        previous[j] = j;
    }
    for (std::size_t i = 1; i <= a.size(); ++i) {
        current[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
            current[j] = std::min({previous[j] + 1, current[j - 1] + 1, previous[j - 1] + change});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                current[j] = std::min(current[j], before[j - 2] + 1);
            }
        }
        before.swap(previous);
        previous.swap(current);
    }
    return previous[b.size()];
}

}  // namespace

std::string nearest(std::string_view word, std::span<const std::string> candidates) {
    const std::string wanted = plain(word);
    if (wanted.size() > longest_word) {
        return {};
    }
    std::string best;
    // A third of the letters may differ: "enabld", "time_out"; not "user" for "port".
    std::size_t limit = wanted.size() / 3 + 1;
    for (const std::string& candidate : candidates) {
        const std::string known = plain(candidate);
        const std::size_t steps = distance(wanted, known);
        if (steps < limit && steps < known.size()) {
            limit = steps;
            best = candidate;
        }
        if (steps == 0) {
            return candidate;
        }
    }
    return best;
}

}  // namespace hsmfront::config
