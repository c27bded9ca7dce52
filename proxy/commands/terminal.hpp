// The terminal: tables, a question, and a line that shows that something is going on.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace hsmfront::commands {

/// `text` with control characters replaced, since labels come from the token.
[[nodiscard]] std::string printable(std::string text);

/// Columns as wide as they must be, two blanks between them. The first row is the heading.
[[nodiscard]] std::string table_text(const std::vector<std::vector<std::string>>& rows);

/// Asks at the controlling terminal; true only for "yes". Nothing if there is no terminal.
[[nodiscard]] std::optional<bool> confirm(const std::string& question);

/// A line on stderr that is written over again and again; nothing at all if that is no terminal.
class ProgressLine {
  public:
    ProgressLine();
    ~ProgressLine() { clear(); }
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;

    void show(const std::string& text);
    void clear();

  private:
    bool terminal_;
    bool shown_ = false;
};

/// "[######    ]" for `done` of 0 to 1.
[[nodiscard]] std::string progress_bar(double done);

/// Runs `work` on a thread of its own and shows `what` with the seconds it has taken so far.
void run_with_progress(const std::string& what, const std::function<void()>& work);

}  // namespace hsmfront::commands
