// CommandFilter: which commands the backend may get.
#pragma once

#include "config/settings.hpp"
#include "proxy/ftp/command.hpp"

namespace hsmfront::ftp {

/// Whether `lists` let `command` pass: as a verb, or as a verb and the first word of its argument.
[[nodiscard]] bool permits(const config::FtpCommands& lists, const Command& command);

}  // namespace hsmfront::ftp
