#include "proxy/admin/control_protocol.hpp"

#include <array>
#include <charconv>
#include <utility>

namespace hsmfront::admin {
namespace {

constexpr std::string_view greeting = "hsmfront/1 ";
constexpr std::array<std::pair<std::string_view, Verb>, 6> verbs{{
    {"reload", Verb::reload},
    {"upgrade", Verb::upgrade},
    {"pin", Verb::pin},
    {"status", Verb::status},
    {"sessions", Verb::sessions},
    {"metrics", Verb::metrics},
}};

std::optional<std::size_t> number(std::string_view text) {
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

}  // namespace

std::string request_head(Verb verb, std::size_t size) {
    std::string head(greeting);
    for (const auto& [name, known] : verbs) {
        if (known == verb) {
            head += name;
        }
    }
    return head + ' ' + std::to_string(size) + '\n';
}

std::optional<RequestHead> parse_request_head(std::string_view line) {
    if (!line.starts_with(greeting)) {
        return std::nullopt;
    }
    line.remove_prefix(greeting.size());
    const auto space = line.find(' ');
    if (space == std::string_view::npos) {
        return std::nullopt;
    }
    const auto size = number(line.substr(space + 1));
    for (const auto& [name, verb] : verbs) {
        if (size && name == line.substr(0, space) && *size <= (verb == Verb::pin ? max_pin : 0)) {
            return RequestHead{verb, *size};
        }
    }
    return std::nullopt;
}

std::string answer(const ControlReply& reply) {
    return (reply.ok ? "ok " : "failed ") + std::to_string(reply.text.size()) + '\n' + reply.text;
}

std::optional<ControlReply> parse_answer(std::string_view bytes) {
    const auto line = bytes.substr(0, bytes.find('\n'));
    const auto space = line.find(' ');
    if (line.size() == bytes.size() || space == std::string_view::npos) {
        return std::nullopt;
    }
    const auto word = line.substr(0, space);
    const auto size = number(line.substr(space + 1));
    const auto text = bytes.substr(line.size() + 1);
    if ((word != "ok" && word != "failed") || !size || *size != text.size()) {
        return std::nullopt;
    }
    return ControlReply{word == "ok", std::string(text)};
}

}  // namespace hsmfront::admin
