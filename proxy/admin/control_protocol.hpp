// ControlProtocol: what the commands and the running service say to each other on the admin socket.
#pragma once

#include "certs/secret.hpp"
#include "config/result.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace hsmfront::admin {

/// One request a connection: "hsmfront/1 VERB SIZE\n" and SIZE bytes, the PIN.
/// One answer: "ok SIZE\n" or "failed SIZE\n" and SIZE bytes of text. Then both sides close.
enum class Verb { reload, upgrade, pin, status, sessions, metrics };

inline constexpr std::size_t max_head = 64;
inline constexpr std::size_t max_pin = 256;

struct RequestHead {
    Verb verb = Verb::status;
    std::size_t size = 0;
};

struct ControlReply {
    bool ok = false;
    std::string text;
};

[[nodiscard]] std::string request_head(Verb verb, std::size_t size);

/// `line` is without its newline. Nothing for what is no such request, or one that carries a PIN
/// where none belongs or a longer one than max_pin.
[[nodiscard]] std::optional<RequestHead> parse_request_head(std::string_view line);

[[nodiscard]] std::string answer(const ControlReply& reply);

/// Nothing if it is cut short or no answer at all.
[[nodiscard]] std::optional<ControlReply> parse_answer(std::string_view bytes);

}  // namespace hsmfront::admin
