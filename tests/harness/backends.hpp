// The servers behind the proxy: vsftpd, nginx, and an HTTP origin that shows what it was sent.
#pragma once

#include "tests/harness/ports.hpp"
#include "tests/harness/process.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace hsmfront::test {

/// Plaintext FTP on 127.0.0.1. Login "ftp", any password; runs as whoever runs the tests.
class Vsftpd {
  public:
    Vsftpd(const std::filesystem::path& directory, PortBlock& ports);

    [[nodiscard]] std::uint16_t port() const { return port_; }
    /// Of the process that listens; each session has one of its own.
    [[nodiscard]] pid_t pid() const { return process_->pid(); }
    /// What it serves, writeable.
    [[nodiscard]] std::filesystem::path root() const { return root_; }
    /// Commands and replies as it saw them.
    [[nodiscard]] std::string log() const;
    /// Ends it with all of its sessions by SIGKILL; connections to its port are refused then.
    void kill();
    /// After kill(): on the same port, with the same files.
    void restart();

  private:
    std::filesystem::path directory_;
    std::uint16_t port_;
    std::filesystem::path root_;
    std::filesystem::path log_;
    std::unique_ptr<Process> process_;
};

/// Plaintext HTTP on 127.0.0.1: files with GET, PUT and DELETE.
class Nginx {
  public:
    /// `directives`: more of its server block.
    Nginx(
        const std::filesystem::path& directory, PortBlock& ports, const std::string& directives = ""
    );

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::filesystem::path root() const { return root_; }
    /// One line a request: method, path, status, connection number, forwarding fields.
    [[nodiscard]] std::string log() const;
    /// Ends it by SIGKILL; connections to its port are refused then.
    void kill();
    /// After kill(): on the same port, with the same files.
    void restart();

  private:
    std::filesystem::path directory_;
    std::uint16_t port_;
    std::string directives_;
    std::filesystem::path root_;
    std::filesystem::path log_;
    std::unique_ptr<Process> process_;
};

/// tests/tools/origin.py on 127.0.0.1; see there for what it serves.
class Origin {
  public:
    Origin(const std::filesystem::path& directory, PortBlock& ports);

    [[nodiscard]] std::uint16_t port() const { return port_; }

  private:
    std::uint16_t port_;
    Process process_;
};

}  // namespace hsmfront::test
