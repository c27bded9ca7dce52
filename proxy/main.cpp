// The command line: read, build, run, exit code.
#include "config/problem.hpp"
#include "config/yaml_reader.hpp"
#include "proxy/runtime/check.hpp"
#include "proxy/runtime/load_settings.hpp"
#include "proxy/runtime/log.hpp"
#include "proxy/runtime/options.hpp"
#include "proxy/runtime/privileges.hpp"
#include "proxy/runtime/server.hpp"

#include <chrono>
#include <exception>
#include <iostream>
#include <memory>

namespace {

using namespace hsmfront;
using runtime::Options;

int run_check(const Options& options) {
    const auto loaded = config::load(options.config, options.overrides);
    std::cerr << config::render(loaded.problems);
    if (!loaded.ok()) {
        return runtime::exit_usage;
    }
    auto found = runtime::check(loaded.settings, std::chrono::system_clock::now());
    for (auto& problem : found) {
        const auto& position = loaded.positions.find(problem.key);
        problem.file = position.file;
        problem.line = position.line;
        problem.column = position.column;
    }
    std::cerr << config::render(found);
    if (config::has_errors(found)) {
        return runtime::exit_usage;
    }
    std::cout << options.config.string() << ": ok\n";
    return runtime::exit_done;
}

int run_serve(const Options& options) {
    runtime::forbid_core_files();
    auto loaded = runtime::load_settings(options.config, options.overrides);
    std::cerr << config::render(loaded.problems);
    if (!loaded.ok()) {
        return runtime::exit_usage;
    }
    if (const auto opened = runtime::open_log(loaded.settings.log); !opened) {
        std::cerr << options.config.string() << ": error: " << opened.error().message << '\n';
        return runtime::exit_usage;
    }
    runtime::Server server(
        {options.config, options.overrides},
        std::make_shared<const config::Settings>(std::move(loaded.settings)),
        std::move(loaded.written_pins)
    );
    const int exit_code = server.run();
    runtime::close_log();
    return exit_code;
}

int run(const Options& options) {
    if (!options.error.empty()) {
        std::cerr << "hsmfront: " << options.error << "; see hsmfront --help\n";
        return runtime::exit_usage;
    }
    switch (options.command) {
        case Options::Command::serve:
            return run_serve(options);
        case Options::Command::check:
            return run_check(options);
        case Options::Command::version:
            std::cout << "hsmfront " HSMFRONT_VERSION "\n";
            return runtime::exit_done;
        case Options::Command::help:
            break;
    }
    std::cout << options.help;
    return runtime::exit_done;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(runtime::parse_options(argc, argv));
    } catch (const std::exception& error) {
        std::cerr << "hsmfront: " << error.what() << '\n';
        return runtime::exit_failed;
    }
}
