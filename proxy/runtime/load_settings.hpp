// Reads the configuration without leaving its PINs behind.
#pragma once

#include "certs/hsm.hpp"
#include "config/yaml_reader.hpp"

#include <filesystem>
#include <span>
#include <string>

namespace hsmfront::runtime {

/// A configuration out of which the PINs were taken: `settings` keeps only that there were some.
struct LoadedSettings : config::LoadResult {
    certs::Pins written_pins;  ///< empty where none is written
};

/// config::load(), after which no copy of a PIN is left in memory but the ones in `written_pins`.
[[nodiscard]] LoadedSettings load_settings(
    const std::filesystem::path& file, std::span<const std::string> overrides
);

}  // namespace hsmfront::runtime
