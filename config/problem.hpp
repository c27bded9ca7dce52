// Problem: one finding about the configuration, where it is and how it is shown.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hsmfront::config {

/// A place in the configuration. `line` and `column` count from 1; 0: the file as a whole.
/// A command line override has the file "--set KEY=VALUE" and no line.
struct Position {
    std::string file;
    int line = 0;
    int column = 0;
};

struct Problem {
    enum class Severity { error, warning };

    Severity severity = Severity::error;
    std::string file;
    int line = 0;
    int column = 0;
    std::string key;  ///< full path of the key, "ftp.listen[0].port"; empty: the whole file
    std::string message;
};

[[nodiscard]] Problem error_at(const Position& at, std::string key, std::string message);
[[nodiscard]] Problem warning_at(const Position& at, std::string key, std::string message);

[[nodiscard]] bool has_errors(std::span<const Problem> problems);

/// `file:line:column: error: key: message`, without what is unknown; no line break inside.
[[nodiscard]] std::string render(const Problem& problem);
/// One line for each problem, each ending with '\n'.
[[nodiscard]] std::string render(std::span<const Problem> problems);

/// `text` in quotes for a message: control characters escaped, cut when long.
[[nodiscard]] std::string in_quotes(std::string_view text);

/// Where each key given was found: full key path (lower case) to position.
class Positions {
  public:
    explicit Positions(std::string file = {}) : file_{std::move(file), 0, 0} {}

    void add(const std::string& key, const Position& position) { known_[key] = position; }
    [[nodiscard]] bool contains(const std::string& key) const { return known_.contains(key); }

    /// The position of `key`, else of the nearest section around it, else the file.
    [[nodiscard]] Position find(std::string_view key) const;

  private:
    Position file_;
    std::map<std::string, Position, std::less<>> known_;
};

}  // namespace hsmfront::config
