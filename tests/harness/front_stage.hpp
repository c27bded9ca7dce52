// FrontStage: the proxy in a directory of its own, with ports of its own; backends are for others.
#pragma once

#include "tests/harness/files.hpp"
#include "tests/harness/front.hpp"
#include "tests/harness/ports.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace hsmfront::test {

/// `config` has ports and nothing else yet.
class FrontStage : public ::testing::Test {
  protected:
    FrontStage();

    /// Starts the proxy and waits until the enabled protocols are up.
    void start();
    /// Starts the proxy without waiting for anything.
    Front& launch(int terminal = -1);
    /// Stops the proxy as an operator would; it must end well. Prints the logs if the test failed.
    void TearDown() override;

    [[nodiscard]] std::filesystem::path scratch() const { return dir_.path(); }

  private:
    TempDir dir_;

  protected:
    PortBlock ports;
    FrontConfig config;
    std::unique_ptr<Front> front;
};

}  // namespace hsmfront::test
