// FieldOutput: where header fields are written to, and what of a backend's response goes on to a
// client whatever version of HTTP it speaks (RFC 9110 §7.6).
#pragma once

#include "config/settings.hpp"
#include "proxy/http/head.hpp"
#include "proxy/http/request.hpp"

#include <string>
#include <string_view>

namespace hsmfront::http {

/// Takes field lines one after the other.
class FieldOutput {
  public:
    virtual ~FieldOutput() = default;
    /// The views are not needed after the call.
    virtual void add(std::string_view name, std::string_view value) = 0;
};

/// As HTTP/1 has them: "name: value" CRLF.
class TextFields final : public FieldOutput {
  public:
    /// Appends to `out`, which outlives it.
    explicit TextFields(std::string& out) : out_(out) {}
    void add(std::string_view name, std::string_view value) override;

  private:
    std::string& out_;
};

/// Belong to one connection, or are written anew by whoever forwards a message.
[[nodiscard]] bool is_hop_by_hop(std::string_view name) noexcept;

/// The fields that Connection names besides its own keywords.
[[nodiscard]] std::vector<std::string_view> connection_options(const Fields& fields);
[[nodiscard]] bool names_field(
    const std::vector<std::string_view>& options, std::string_view name
) noexcept;

/// One field `name` with the values that `fields` have under it as a list, and `own` behind them.
void write_extended(
    FieldOutput& out, const Fields& fields, std::string_view name, std::string_view own
);

/// All fields of a final response but those that frame it.
void write_response_fields(
    FieldOutput& out, const ResponseHead& head, const Request& request, const config::Http& settings
);

/// Those of a 1xx response.
void write_interim_fields(FieldOutput& out, const ResponseHead& head);

/// The Content-Length that a client is told, empty if none: that of the content, or, without
/// content to follow, that of the response to GET (RFC 9110 §8.6).
[[nodiscard]] std::string told_length(
    const ResponseHead& head, Framing framing, const Request& request
);

/// Those lines of a trailer section that may go on: nothing that frames, routes or authenticates a
/// message (RFC 9110 §6.5.1). `trailers` are field lines with their CRLF.
void write_trailers(FieldOutput& out, std::string_view trailers);

}  // namespace hsmfront::http
