// The commands reload, status and pin: they ask the running service.
#include "certs/pin_prompt.hpp"
#include "certs/pin_source.hpp"
#include "proxy/admin/control_client.hpp"
#include "proxy/commands/configuration.hpp"
#include "proxy/commands/handlers.hpp"
#include "proxy/commands/token_access.hpp"
#include "proxy/runtime/exit_code.hpp"
#include "proxy/runtime/load_settings.hpp"

#include <iostream>
#include <unistd.h>

namespace hsmfront::commands {
namespace {

/// Only the socket and the prompt matter here: what else is wrong in the file is the service's to
/// say, at a reload.
config::Settings load_for_service(const Arguments& arguments) {
    auto loaded = runtime::load_settings(config_file(arguments), arguments.values("--set"));
    std::erase_if(loaded.problems, [](const config::Problem& problem) {
        return !problem.key.empty() && !problem.key.starts_with("admin");
    });
    std::cerr << config::render(loaded.problems);
    return std::move(loaded.settings);
}

int show(const certs::Loaded<admin::ControlReply>& reply) {
    if (!reply) {
        return fail(reply.error());
    }
    const std::string& text = reply->text;
    std::cout << text << (text.ends_with('\n') ? "" : "\n");
    return reply->ok ? runtime::exit_done : runtime::exit_failed;
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
    return show(admin::ask(settings.admin.socket, admin::Verb::reload));
}

int status(const Arguments& arguments) {
    const auto settings = load_for_service(arguments);
    const auto verb = arguments.has("--metrics") ? admin::Verb::metrics : admin::Verb::status;
    return show(admin::ask(settings.admin.socket, verb));
}

int pin(const Arguments& arguments) {
    prepare_process();
    const auto settings = load_for_service(arguments);
    const auto typed = read_typed_pin(settings.hsm);
    if (!typed) {
        return fail(typed.error());
    }
    return show(admin::ask(settings.admin.socket, admin::Verb::pin, *typed));
}

}  // namespace hsmfront::commands
