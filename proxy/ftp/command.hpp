// Command: one line of the client, taken apart.
#pragma once

#include <string>
#include <string_view>

namespace hsmfront::ftp {

struct Command {
    std::string verb;  ///< upper case; empty when the line does not begin with an FTP verb
    std::string line;  ///< as it came, without CRLF

    /// What stands behind the first space, byte for byte.
    [[nodiscard]] std::string_view argument() const;
    /// The line for a log: secret arguments (PASS, ACCT) as ***, control bytes as '?'.
    [[nodiscard]] std::string loggable() const;
};

/// ASCII letters in upper or lower case.
[[nodiscard]] std::string upper(std::string_view text);
[[nodiscard]] std::string lower(std::string_view text);

/// Never fails: a line without a verb (letters only, at most 16) yields an empty one.
[[nodiscard]] Command parse_command(std::string line);

}  // namespace hsmfront::ftp
