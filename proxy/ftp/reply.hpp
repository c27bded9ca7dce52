// Reply and ReplyParser: the backend's answers, multi-line ones included (RFC 959 §4.2).
#pragma once

#include "config/result.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hsmfront::ftp {

struct Reply {
    int code = 0;                    ///< 100–599
    std::vector<std::string> lines;  ///< whole lines, code included, without CRLF

    [[nodiscard]] bool preliminary() const noexcept { return code < 200; }
    [[nodiscard]] bool completion() const noexcept { return code / 100 == 2; }
    [[nodiscard]] bool negative() const noexcept { return code >= 400; }
    /// The last line's text, without its code.
    [[nodiscard]] std::string_view text() const;
    /// For the wire.
    [[nodiscard]] std::string serialise() const;
};

/// A reply of one line.
[[nodiscard]] Reply make_reply(int code, std::string_view text);

/// Lines end at CRLF only; every other byte is passed on as it came. A reply ends at its own code
/// and a space at the start of a line; lines in between may begin with digits, but not with three
/// others and a space, which a lenient client would take for the end.
class ReplyParser {
  public:
    static constexpr std::size_t line_limit = 64 * 1024;
    static constexpr std::size_t reply_limit = 1024 * 1024;

    void append(std::span<const char> bytes);
    /// The next reply; nothing while it is incomplete. After an error every later call fails too.
    /// Errc: bad_reply, changed_code, line_too_long, reply_too_long.
    [[nodiscard]] Result<std::optional<Reply>> next();

  private:
    enum class Progress { more, complete };

    Result<Progress> take(std::string_view line);
    [[nodiscard]] std::optional<std::string_view> next_line();

    std::string pending_;
    std::size_t position_ = 0;
    std::size_t searched_ = 0;  ///< no CRLF before this position
    Reply reply_;
    std::size_t size_ = 0;
    error_code error_;
};

}  // namespace hsmfront::ftp
