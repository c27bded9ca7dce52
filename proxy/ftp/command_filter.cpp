#include "proxy/ftp/command_filter.hpp"

#include <algorithm>

namespace hsmfront::ftp {
namespace {

bool holds(const std::vector<std::string>& list, std::string_view entry) {
    return std::ranges::find(list, entry) != list.end();
}

/// "SITE CHMOD" of "site chmod 644 a".
std::string with_first_word(const Command& command) {
    const std::string_view argument = command.argument();
    const std::string_view word = argument.substr(0, argument.find(' '));
    return command.verb + ' ' + upper(word);
}

}  // namespace

bool permits(const config::FtpCommands& lists, const Command& command) {
    if (lists.allow.empty() && lists.deny.empty()) {
        return true;
    }
    const std::string longer = with_first_word(command);
    if (!lists.allow.empty()) {
        return holds(lists.allow, command.verb) || holds(lists.allow, longer);
    }
    return !holds(lists.deny, command.verb) && !holds(lists.deny, longer);
}

}  // namespace hsmfront::ftp
