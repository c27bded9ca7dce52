// Front: the real hsmfront binary with a configuration of the test's making.
#pragma once

#include "tests/harness/process.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace hsmfront::test {

struct HsmPart {
    bool present = true;
    std::string module;
    std::string token;
    std::string pin;    ///< YAML of hsm.pin; empty: left out
    std::string extra;  ///< more lines of the section, without indentation
};

struct FtpPart {
    bool enabled = true;
    bool hsm = true;
    std::string alias = "rsa";  ///< as YAML: a list works too
    std::uint16_t explicit_port = 0;
    std::uint16_t implicit_port = 0;
    std::string address = "::";
    std::string backend_address = "127.0.0.1";
    std::uint16_t backend_port = 0;
    std::string backend_options;  ///< ", key: value" more of ftp.backend
    std::uint16_t passive_first = 0;
    std::uint16_t passive_last = 0;
    std::string data;  ///< more entries of ftp.data: "session_reuse: require"
    std::string extra;
};

struct HttpPart {
    bool enabled = true;
    bool hsm = true;
    std::string alias = "ec";
    std::uint16_t port = 0;
    std::string address = "::";
    std::string backend_address = "127.0.0.1";
    std::uint16_t backend_port = 0;
    std::string backend_options;          ///< ", key: value" more of http.backend
    std::vector<std::uint16_t> backends;  ///< several, instead of the one
    std::string extra;
};

struct FrontConfig {
    HsmPart hsm;
    std::filesystem::path certificates;
    FtpPart ftp;
    HttpPart http;
    std::string drain = "2s";  ///< shutdown.drain
    std::string sandbox;       ///< YAML of the section; empty: left out
    std::string extra;         ///< more top-level lines
    std::map<std::string, std::string> env;
    std::vector<std::string> wrapper;  ///< a program that runs the proxy: words before its command

    [[nodiscard]] std::string yaml() const;
};

class Front {
  public:
    /// `hsmfront serve` on `config`, run in `directory`, its file and log there too.
    Front(const FrontConfig& config, const std::filesystem::path& directory, int terminal = -1);

    [[nodiscard]] Process& process() { return *process_; }
    [[nodiscard]] std::string log() const;
    /// Waits until the log says that the protocol ("ftp", "http") is up; false if the process ends
    /// or `limit` passes before.
    [[nodiscard]] bool up(const std::string& protocol, milliseconds limit = 30s);
    /// Waits until the log holds `text`; false as above.
    [[nodiscard]] bool logged(const std::string& text, milliseconds limit = 30s);
    /// The line of the log that holds `text`, or empty.
    [[nodiscard]] std::string line_with(const std::string& text) const;
    /// Number of lines at level error.
    [[nodiscard]] std::size_t error_lines() const;
    /// The most memory it has had resident so far, in KiB (VmHWM of proc(5)).
    [[nodiscard]] std::size_t peak_memory_kib() const;
    /// The memory that it alone has written to, in KiB (Private_Dirty of proc(5), smaps_rollup).
    [[nodiscard]] std::size_t private_memory_kib() const;

  private:
    std::filesystem::path log_;
    std::unique_ptr<Process> process_;
};

}  // namespace hsmfront::test
