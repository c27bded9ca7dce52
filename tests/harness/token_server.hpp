// TokenServer: a token in processes of its own, reached over a socket, that a test can kill.
#pragma once

#include "tests/harness/material.hpp"
#include "tests/harness/process.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <string>

namespace hsmfront::test {

/// `p11-kit server` before SoftHSM2. It starts one p11-kit-remote for each connection, and that one
/// holds the token's module.
class TokenServer {
  public:
    /// What to configure as PKCS#11 module.
    static constexpr const char* module = P11_MODULE_PATH "/p11-kit-client.so";

    /// Serves the tokens that `token_environment` (SOFTHSM2_CONF) leads to on a socket in
    /// `directory`. Started at once.
    TokenServer(
        std::filesystem::path directory, std::map<std::string, std::string> token_environment
    );

    /// For the proxy: where the socket is.
    [[nodiscard]] std::map<std::string, std::string> environment() const;

    /// Waits until it accepts connections. Throws std::runtime_error if it does not.
    void start();
    /// SIGKILL to the server and to all its p11-kit-remote.
    void kill();
    /// Connections served now.
    [[nodiscard]] std::size_t connections() const;

  private:
    std::filesystem::path directory_;
    std::map<std::string, std::string> environment_;
    std::unique_ptr<Process> server_;
};

/// The children of a process.
[[nodiscard]] std::vector<pid_t> children_of(pid_t process);

}  // namespace hsmfront::test
