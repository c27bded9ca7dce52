// The commands serve and check.
#include "proxy/commands/configuration.hpp"
#include "proxy/commands/handlers.hpp"
#include "proxy/log/component.hpp"
#include "proxy/runtime/check.hpp"
#include "proxy/runtime/exit_code.hpp"
#include "proxy/runtime/load_settings.hpp"
#include "proxy/runtime/log.hpp"
#include "proxy/runtime/predecessor.hpp"
#include "proxy/runtime/privileges.hpp"
#include "proxy/runtime/sandbox.hpp"
#include "proxy/runtime/server.hpp"
#include "proxy/tls/fips.hpp"

#include <chrono>
#include <iostream>
#include <memory>

namespace hsmfront::commands {

int check(const Arguments& arguments) {
    const auto loaded = load_all(arguments);
    if (!loaded) {
        return runtime::exit_usage;
    }
    auto found = runtime::check(loaded->settings, std::chrono::system_clock::now());
    for (auto& problem : found) {
        const auto& position = loaded->positions.find(problem.key);
        problem.file = position.file;
        problem.line = position.line;
        problem.column = position.column;
    }
    std::cerr << config::render(found);
    if (config::has_errors(found)) {
        return runtime::exit_usage;
    }
    std::cout << config_file(arguments).string() << ": ok\n";
    return runtime::exit_done;
}

int serve(const Arguments& arguments) {
    runtime::forbid_core_files();
    if (const auto done = runtime::Predecessor::begin()) {
        return *done;
    }
    auto predecessor = runtime::Predecessor::from_environment();
    if (!predecessor) {
        std::cerr << "hsmfront: " << predecessor.error().message << '\n';
        return runtime::exit_failed;
    }
    const auto tell = [&predecessor](const std::string& why) {
        if (*predecessor != nullptr) {
            (*predecessor)->fail(why);
        }
    };
    const auto file = config_file(arguments);
    auto loaded = runtime::load_settings(file, arguments.values("--set"));
    std::cerr << config::render(loaded.problems);
    if (!loaded.ok()) {
        tell(config::render(loaded.problems));
        return runtime::exit_usage;
    }
    // Before any thread: the log's writes files, too.
    const auto sandbox = runtime::enter_sandbox(loaded.settings, file);
    if (const auto opened = runtime::open_log(loaded.settings.log); !opened) {
        std::cerr << file.string() << ": error: " << opened.error().message << '\n';
        tell(opened.error().message);
        return runtime::exit_usage;
    }
    for (const auto& step : sandbox) {
        log::runtime.write(step.done ? log::Level::info : log::Level::warn, "{}", step.text);
    }
    if (loaded.settings.tls.fips) {
        if (const std::string error = tls::use_fips(); !error.empty()) {
            log::runtime.error("tls.fips: {}", error);
            tell("tls.fips: " + error);
            runtime::close_log();
            return runtime::exit_failed;
        }
    }
    runtime::Server server(
        {file, arguments.values("--set")},
        std::make_shared<const config::Settings>(std::move(loaded.settings)),
        std::move(loaded.written_pins),
        std::move(*predecessor)
    );
    const int exit_code = server.run();
    runtime::close_log();
    return exit_code;
}

}  // namespace hsmfront::commands
