#include "proxy/commands/configuration.hpp"

#include <iostream>

namespace hsmfront::commands {
namespace {

using config::Problem;

bool needed_for_keys(const Problem& problem) {
    const auto within = [&problem](std::string_view section) {
        return problem.key == section || problem.key.starts_with(std::string(section) + ".");
    };
    return problem.key.empty() || within("hsm") || within("certificates");
}

}  // namespace

std::filesystem::path config_file(const Arguments& arguments) {
    return arguments.value("--config").value_or("/etc/hsmfront/hsmfront.yaml");
}

std::optional<config::LoadResult> load_all(const Arguments& arguments) {
    auto loaded = config::load(config_file(arguments), arguments.values("--set"));
    std::cerr << config::render(loaded.problems);
    if (!loaded.ok()) {
        return std::nullopt;
    }
    return loaded;
}

std::optional<config::Settings> load_for_keys(const Arguments& arguments) {
    auto loaded = config::load(config_file(arguments), arguments.values("--set"));
    std::erase_if(loaded.problems, [](const Problem& problem) {
        return !needed_for_keys(problem);
    });
    std::cerr << config::render(loaded.problems);
    if (!loaded.ok()) {
        return std::nullopt;
    }
    if (const auto token = arguments.value("--token")) {
        loaded.settings.hsm.token = *token;
    }
    return std::move(loaded.settings);
}

}  // namespace hsmfront::commands
