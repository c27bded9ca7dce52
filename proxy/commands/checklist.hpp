// Checklist: findings of doctor as it prints them, one line each, with what to do about them.
#pragma once

#include <string>

namespace hsmfront::commands {

class Checklist {
  public:
    void ok(const std::string& step, const std::string& finding);
    void warn(const std::string& step, const std::string& finding, const std::string& remedy = {});
    void fail(const std::string& step, const std::string& finding, const std::string& remedy = {});

    /// "2 failed, 1 warning", or "all well".
    [[nodiscard]] std::string summary() const;
    [[nodiscard]] bool failed() const { return failures_ > 0; }

  private:
    static void print(
        const char* mark,
        const std::string& step,
        const std::string& finding,
        const std::string& remedy
    );

    int failures_ = 0;
    int warnings_ = 0;
};

}  // namespace hsmfront::commands
