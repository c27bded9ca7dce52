// Stage: what an integration test stands on: backends, a token, a configuration, the proxy.
#pragma once

#include "tests/harness/backends.hpp"
#include "tests/harness/front_stage.hpp"
#include "tests/harness/material.hpp"
#include "tests/harness/program.hpp"

#include <string>
#include <vector>

namespace hsmfront::test {

/// `config` begins as a working one: FTP with alias "rsa" before vsftpd, HTTP with alias "ec"
/// before nginx, both keys in the token. A test changes what it is about, then calls start().
class Stage : public FrontStage {
  protected:
    Stage();

    /// As FrontStage does; prints the backends' logs too.
    void TearDown() override;

    [[nodiscard]] std::string https(const std::string& path, const std::string& host = "localhost")
        const;
    [[nodiscard]] std::string ftp(const std::string& path, const std::string& host = "localhost")
        const;
    [[nodiscard]] std::string ftps(const std::string& path, const std::string& host = "localhost")
        const;
    /// curl with our CA; FTP is explicit FTPS unless the URL says ftps.
    [[nodiscard]] Outcome curl(std::vector<std::string> arguments, milliseconds limit = 60s) const;
    /// The same in the background, at `rate` ("500k") a second; its output in curl.log.
    [[nodiscard]] std::unique_ptr<Process> slow_curl(
        const std::string& rate, std::vector<std::string> arguments
    ) const;
    /// tests/tools/ftps.py; see there for actions and arguments. `host` is an address or a name.
    [[nodiscard]] Outcome ftplib(
        const std::string& action,
        const std::string& host,
        std::uint16_t port,
        const std::vector<std::string>& arguments = {},
        milliseconds limit = 60s
    ) const;
    /// A new file of random bytes.
    [[nodiscard]] std::filesystem::path sample(std::size_t size) const;

    Token token;
    Vsftpd vsftpd;
    Nginx nginx;
};

}  // namespace hsmfront::test
