// UpgradeScene: processes of which each takes the place of the one before.
#pragma once

#include "tests/harness/stage.hpp"

#include <gmock/gmock.h>

#include <optional>
#include <string>
#include <vector>

namespace hsmfront::test {

/// `front->process()` is the first; those that come after it are its group's, and children of this
/// process as soon as the one that starts them has ended.
class UpgradeScene : public Stage {
  protected:
    UpgradeScene();
    /// Stops the last one; all others must have ended well by themselves.
    void TearDown() override;

    /// `hsmfront WORDS` with the configuration of the running service.
    [[nodiscard]] Outcome ask(std::vector<std::string> words, milliseconds limit = 60s) const;
    /// `hsmfront upgrade`. The process that serves then, or nothing with a failure of the test.
    pid_t upgrade();
    /// The process that serves.
    [[nodiscard]] pid_t serving() const {
        return pids_.empty() ? front->process().pid() : pids_.back();
    }
    /// Waits for the end of a process that upgrade() told of; its exit code.
    [[nodiscard]] std::optional<int> end_of(pid_t pid, milliseconds limit = 30s);
    void rewrite_configuration() const { write_file(scratch() / "hsmfront.yaml", config.yaml()); }
    [[nodiscard]] std::filesystem::path socket() const { return scratch() / "admin.sock"; }

  private:
    std::vector<pid_t> pids_;
};

}  // namespace hsmfront::test
