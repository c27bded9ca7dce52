#include "proxy/ftp/command.hpp"

#include "proxy/ftp/verbs.hpp"
#include "proxy/net/printable.hpp"

#include <algorithm>
#include <utility>

namespace hsmfront::ftp {
namespace {

constexpr std::size_t longest_verb = 16;

bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

}  // namespace

std::string_view Command::argument() const {
    const auto space = line.find(' ');
    return space == std::string::npos ? std::string_view{}
                                      : std::string_view{line}.substr(space + 1);
}

std::string Command::loggable() const {
    if (verb.empty()) {
        return "(no command)";  // might be a password sent out of turn
    }
    if (find_verb(verb).secret) {
        return verb + " ***";
    }
    return net::printable(line);
}

std::string upper(std::string_view text) {
    std::string result{text};
    std::ranges::transform(result, result.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    return result;
}

std::string lower(std::string_view text) {
    std::string result{text};
    std::ranges::transform(result, result.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return result;
}

Command parse_command(std::string line) {
    Command command;
    const auto length = std::min(line.find(' '), line.size());
    const std::string_view word = std::string_view{line}.substr(0, length);
    if (!word.empty() && word.size() <= longest_verb && std::ranges::all_of(word, is_letter)) {
        command.verb = upper(word);
    }
    command.line = std::move(line);
    return command;
}

}  // namespace hsmfront::ftp
