// Exit codes of every command.
#pragma once

namespace hsmfront::runtime {

enum ExitCode : int { exit_done = 0, exit_failed = 1, exit_usage = 2 };

}  // namespace hsmfront::runtime
