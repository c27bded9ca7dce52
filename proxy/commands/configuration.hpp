// Configuration: the file that a command works with, read as far as the command needs it.
#pragma once

#include "config/yaml_reader.hpp"
#include "proxy/commands/command_line.hpp"

#include <filesystem>
#include <optional>

namespace hsmfront::commands {

[[nodiscard]] std::filesystem::path config_file(const Arguments& arguments);

/// Reads all of it and prints what is wrong. Nothing if it cannot be used (exit code 2).
[[nodiscard]] std::optional<config::LoadResult> load_all(const Arguments& arguments);

/// For commands on keys and certificates, which need `hsm` and `certificates` only: what is wrong
/// elsewhere, such as no protocol being enabled yet, is for "check" to tell. --token counts.
[[nodiscard]] std::optional<config::Settings> load_for_keys(const Arguments& arguments);

}  // namespace hsmfront::commands
