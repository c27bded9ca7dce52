// Sandbox: what the process denies itself, by the section `sandbox` of the configuration.
#pragma once

#include "config/settings.hpp"
#include "proxy/runtime/file_confinement.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace hsmfront::runtime {

/// One thing that was or could not be done, in words for the log.
struct SandboxStep {
    bool done = false;
    std::string text;
};

/// What a process with this configuration opens: the files that it names with their folders, since
/// files are replaced by renaming, those of `sandbox`, and what the system's libraries read.
/// Programs are executed from the folder of our own, the system's, and `sandbox.read`.
[[nodiscard]] FileRules files_of(
    const config::Settings& settings, const std::filesystem::path& config_file
);

/// Confines the process for good; while it has one thread, since threads that are there already
/// keep their files. What the kernel cannot do is left out. Each step is told, and nothing where
/// both keys are off.
[[nodiscard]] std::vector<SandboxStep> enter_sandbox(
    const config::Settings& settings, const std::filesystem::path& config_file
);

/// The first of the files of `next` that were not among those when this process confined itself, so
/// that it cannot open it. Empty: there is none, or files are not confined.
[[nodiscard]] std::filesystem::path outside_sandbox(
    const config::Settings& next, const std::filesystem::path& config_file
);

}  // namespace hsmfront::runtime
