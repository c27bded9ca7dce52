// The commands reload, upgrade, status, healthcheck and pin: they ask the running service.
#include "certs/pin_prompt.hpp"
#include "certs/pin_source.hpp"
#include "proxy/admin/control_client.hpp"
#include "proxy/commands/configuration.hpp"
#include "proxy/commands/handlers.hpp"
#include "proxy/commands/token_access.hpp"
#include "proxy/runtime/exit_code.hpp"
#include "proxy/runtime/load_settings.hpp"

#include <chrono>
#include <iostream>
#include <string_view>
#include <thread>
#include <unistd.h>

namespace hsmfront::commands {
namespace {

/// Cursor home, then erase what is below it (ECMA-48 §8.3.21, §8.3.39).
constexpr std::string_view clear_screen = "\x1b[H\x1b[J";

/// Only the socket and the prompt matter here: what else is wrong in the file is the service's to
/// say, at a reload. Nothing if there is no socket in it (exit code 2).
std::optional<config::Settings> load_for_service(const Arguments& arguments) {
    auto loaded = runtime::load_settings(config_file(arguments), arguments.values("--set"));
    const bool found = !loaded.settings.admin.socket.empty();
    std::erase_if(loaded.problems, [found](const config::Problem& problem) {
        return found && !problem.key.starts_with("admin");
    });
    std::cerr << config::render(loaded.problems);
    if (!found) {
        (void)fail("admin.socket is not set; set it and restart the service");
        return std::nullopt;
    }
    return std::move(loaded.settings);
}

int ask_and_show(
    const config::Settings& settings, admin::Verb verb, const certs::Secret& pin = {}
) {
    const auto reply = admin::ask(settings.admin.socket, verb, pin);
    if (!reply) {
        return fail(reply.error());
    }
    const std::string& text = reply->text;
    std::cout << text << (text.ends_with('\n') ? "" : "\n");
    return reply->ok ? runtime::exit_done : runtime::exit_failed;
}

/// Of the status, the line that says whether the service is ready and why not.
std::string_view ready_line(std::string_view text) {
    const auto begin = text.find("ready: ");
    return begin == text.npos ? "ready: unknown"
                              : text.substr(begin, text.find('\n', begin) - begin);
}

certs::Loaded<certs::Secret> read_typed_pin(const config::Hsm& settings) {
    if (::isatty(STDIN_FILENO) == 0) {
        config::PinSource source;
        source.file = "/dev/stdin";
        return certs::read_pin(source);
    }
    return certs::prompt_pin(
        {"PIN of HSM token \"" + settings.token + "\": ", settings.pin_timeout, {}}
    );
}

}  // namespace

int reload(const Arguments& arguments) {
    const auto settings = load_for_service(arguments);
    return settings ? ask_and_show(*settings, admin::Verb::reload) : runtime::exit_usage;
}

int upgrade(const Arguments& arguments) {
    const auto settings = load_for_service(arguments);
    return settings ? ask_and_show(*settings, admin::Verb::upgrade) : runtime::exit_usage;
}

int status(const Arguments& arguments) {
    const auto settings = load_for_service(arguments);
    const auto verb = arguments.has("--metrics")    ? admin::Verb::metrics
                      : arguments.has("--sessions") ? admin::Verb::sessions
                                                    : admin::Verb::status;
    if (!settings) {
        return runtime::exit_usage;
    }
    while (arguments.has("--watch")) {
        std::cout << clear_screen;
        (void)ask_and_show(*settings, verb);  // a service that is away may come back
        std::cout << std::flush;
        std::this_thread::sleep_for(std::chrono::seconds(2));
    }
    return ask_and_show(*settings, verb);
}

int healthcheck(const Arguments& arguments) {
    const auto settings = load_for_service(arguments);
    if (!settings) {
        return runtime::exit_failed;  // container engines keep 2 for themselves
    }
    const auto reply = admin::ask(settings->admin.socket, admin::Verb::status);
    if (!reply) {
        return fail(reply.error());
    }
    std::cout << ready_line(reply->text) << '\n';
    return reply->ok ? runtime::exit_done : runtime::exit_failed;
}

int pin(const Arguments& arguments) {
    prepare_process();
    const auto settings = load_for_service(arguments);
    if (!settings) {
        return runtime::exit_usage;
    }
    const auto typed = read_typed_pin(settings->hsm);
    return typed ? ask_and_show(*settings, admin::Verb::pin, *typed) : fail(typed.error());
}

}  // namespace hsmfront::commands
