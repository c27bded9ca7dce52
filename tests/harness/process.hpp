// Process: a child that is always stopped and reaped, with its output in files.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace hsmfront::test {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

struct Command {
    std::vector<std::string> argv;
    std::map<std::string, std::string> env;  ///< added to ours
    std::filesystem::path directory;         ///< to run in; empty: ours
    std::filesystem::path output;            ///< standard output and error; empty: /dev/null
    std::filesystem::path error;             ///< standard error alone; empty: goes with output
    int terminal = -1;                       ///< a pty's slave to have as controlling terminal
};

class Process {
  public:
    /// Starts it in a process group of its own; it is killed should this process die.
    explicit Process(const Command& command);
    /// Kills the whole group and reaps the child.
    ~Process();
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    [[nodiscard]] pid_t pid() const { return pid_; }
    [[nodiscard]] bool running() { return !wait(0ms).has_value(); }
    void signal(int number) const;
    /// The exit code, or 128 + the signal that ended it; nothing if it still runs after `limit`.
    std::optional<int> wait(milliseconds limit);
    /// Once it has ended: whether the kernel wrote a core file.
    [[nodiscard]] bool dumped_core() const { return dumped_core_; }
    /// SIGTERM, then SIGKILL after `limit`. The exit code as in wait().
    int stop(milliseconds limit = 10s);

  private:
    pid_t pid_ = -1;
    int pidfd_ = -1;
    std::optional<int> status_;
    bool dumped_core_ = false;
};

struct Outcome {
    int code = -1;  ///< exit code; 128 + signal; -1: had to be killed at the time limit
    std::string out;
    std::string error;
};

/// Runs a client to its end, at most for `limit`.
[[nodiscard]] Outcome run(
    const std::vector<std::string>& argv,
    milliseconds limit = 60s,
    const std::map<std::string, std::string>& env = {}
);

void pause_between_polls();

/// Polls until `condition` holds; false if it does not within `limit`.
template <class Condition>
[[nodiscard]] bool eventually(Condition condition, milliseconds limit = 20s) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() >= deadline) {
            return false;
        }
        pause_between_polls();
    }
    return true;
}

}  // namespace hsmfront::test
