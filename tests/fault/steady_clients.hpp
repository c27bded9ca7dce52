// SteadyClients: transfers and kept-alive connections that must not notice what happens to the HSM.
#pragma once

#include "tests/harness/stage.hpp"

#include <map>
#include <memory>
#include <string>

namespace hsmfront::test {

/// tests/tools/steady.py at work on a Stage's proxy: an FTPS upload and download, two HTTPS
/// connections that send requests, and full HTTPS handshakes.
class SteadyClients {
  public:
    struct Ports {
        std::uint16_t ftp;
        std::uint16_t https;
    };

    /// Files of the transfers are in `root`, its own in `scratch`. Throws std::runtime_error unless
    /// all of it gets going.
    SteadyClients(Ports ports, std::filesystem::path root, std::filesystem::path scratch);

    [[nodiscard]] bool running() { return process_->running(); }
    [[nodiscard]] std::string complaints() const { return text_of(scratch_ / "steady.error"); }

    /// Has them end, checks that nothing broke and that the bytes are right. What they counted:
    /// "requests", "handshakes" and "refused" of both threads together, "uploaded".
    [[nodiscard]] std::map<std::string, long> finish();

  private:
    std::filesystem::path root_;
    std::filesystem::path scratch_;
    std::unique_ptr<Process> process_;
};

}  // namespace hsmfront::test
