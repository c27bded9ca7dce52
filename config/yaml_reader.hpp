// YamlReader: a configuration file and its overrides become Settings, with every problem found.
#pragma once

#include "config/problem.hpp"
#include "config/settings.hpp"

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hsmfront::config {

struct LoadResult {
    Settings settings;              ///< complete only when ok()
    std::vector<Problem> problems;  ///< in the order of the file, then of the command line
    Positions positions;            ///< where each key was given, for problems found later

    [[nodiscard]] bool ok() const { return !has_errors(problems); }
};

/// Reads and validates `file` with `overrides` ("ftp.hsm.enabled=false") on top. Relative paths
/// in it become absolute, from the folder of `file`. Never throws for what the file holds.
[[nodiscard]] LoadResult load(
    const std::filesystem::path& file, std::span<const std::string> overrides = {}
);

/// The same for a text; `file` names it in problems and is not opened.
[[nodiscard]] LoadResult load_text(
    std::string_view text,
    const std::filesystem::path& file,
    std::span<const std::string> overrides = {}
);

}  // namespace hsmfront::config
