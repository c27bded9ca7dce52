// HTTP/1.1 messages as the strictest reader sees them. Written apart from the proxy's own parser,
// so that a mistake there is not repeated here.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hsmfront::test {

struct HttpMessage {
    std::string start;  ///< the start line without CRLF
    std::vector<std::pair<std::string, std::string>> fields;
    std::string body;      ///< without its framing
    std::string trailers;  ///< lines with CRLF

    /// All values of the field, joined by " | "; the name in any case.
    [[nodiscard]] std::string field(std::string_view name) const;
    /// Of a request; of a response the version.
    [[nodiscard]] std::string method() const { return start.substr(0, start.find(' ')); }
    [[nodiscard]] std::string target() const;
    /// Of a response; 0 if it is none.
    [[nodiscard]] int status() const;
};

struct Reading {
    std::vector<HttpMessage> messages;
    std::string rest;   ///< what is no whole message
    std::string fault;  ///< why the rest can never be one; empty: it may only be incomplete
};

/// Start line and fields up to the empty line; nothing if they are not valid.
[[nodiscard]] HttpMessage read_head(std::string_view bytes);

/// Requests one behind the other.
[[nodiscard]] Reading read_requests(std::string_view bytes);

/// Responses one behind the other, 1xx among them. `methods` are those of the requests, in order; a
/// request beyond them counts as GET. A response without a length goes on to the end of `bytes`.
[[nodiscard]] Reading read_responses(
    std::string_view bytes, const std::vector<std::string>& methods = {}
);

}  // namespace hsmfront::test
