// LineSplitter: bytes of the client's control connection to command lines.
#pragma once

#include "config/result.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace hsmfront::ftp {

/// Only CRLF ends a line (RFC 959 §5.3). 8-bit clean but for Telnet: IAC IP and IAC DM, which
/// clients put before ABOR, are taken out (§4.1.3), and a doubled IAC stands for one byte FF.
class LineSplitter {
  public:
    static constexpr std::size_t default_limit = 8192;  ///< PATH_MAX twice over

    explicit LineSplitter(std::size_t limit = default_limit) : limit_(limit) {}

    void append(std::span<const char> bytes);
    /// The next line without its CRLF; nothing while it is incomplete. After an error the position
    /// of the next line is unknown: every later call fails too.
    /// Errc: bare_lf, bare_cr, nul, line_too_long.
    [[nodiscard]] Result<std::optional<std::string>> next();
    /// True when no byte waits, not even of a begun line.
    [[nodiscard]] bool empty() const noexcept;

  private:
    enum class State { text, cr, iac };
    enum class Progress { more, complete };

    Result<Progress> take(char byte);
    Result<Progress> take_text(char byte);
    Result<Progress> keep(char byte);
    void release_consumed();

    std::size_t limit_;
    std::string pending_;
    std::size_t position_ = 0;
    std::string line_;
    State state_ = State::text;
    error_code error_;
};

}  // namespace hsmfront::ftp
