// Terminal: a pseudo terminal; the proxy has one end, the test types at the other.
#pragma once

#include <string>

namespace hsmfront::test {

class Terminal {
  public:
    /// Throws std::runtime_error.
    Terminal();
    ~Terminal();
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;

    /// For Stage::launch.
    [[nodiscard]] int device() const { return device_; }
    void type(const std::string& text) const;
    /// All that has appeared so far.
    const std::string& screen();

  private:
    int keyboard_ = -1;
    int device_ = -1;
    std::string screen_;
};

}  // namespace hsmfront::test
