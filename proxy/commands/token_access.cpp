#include "proxy/commands/token_access.hpp"

#include "certs/errc.hpp"
#include "certs/pin_prompt.hpp"
#include "certs/pin_source.hpp"
#include "proxy/runtime/exit_code.hpp"
#include "proxy/runtime/privileges.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <csignal>
#include <iostream>

namespace hsmfront::commands {

using certs::Errc;
using certs::Failure;
using certs::Loaded;

void prepare_process() {
    auto logger = spdlog::stderr_logger_mt("commands");
    logger->set_pattern("hsmfront: %l: %v");
    logger->set_level(spdlog::level::warn);
    spdlog::set_default_logger(std::move(logger));
    runtime::forbid_core_files();
    std::signal(SIGPIPE, SIG_IGN);
}

int fail(const std::string& message) {
    std::cerr << "hsmfront: " << message << '\n';
    return runtime::exit_failed;
}

int fail(const Failure& failure) { return fail(failure.message); }

void warn(const std::string& message) { std::cerr << "hsmfront: warning: " << message << '\n'; }

Loaded<void> check_configured(const config::Hsm& settings) {
    if (settings.module.empty() || settings.token.empty()) {
        return Failure{
            Errc::module_not_loadable,
            std::string(settings.module.empty() ? "hsm.module" : "hsm.token") +
                " is missing in the configuration"};
    }
    return {};
}

Loaded<certs::Secret> find_pin(const config::Hsm& settings, certs::PinRisk risk) {
    if (auto configured = check_configured(settings); !configured) {
        return configured.error();
    }
    const auto module = certs::Module::load(settings.module);
    if (!module) {
        return module.error();
    }
    const auto token = certs::find_token(**module, settings.token);
    if (!token) {
        return token.error();
    }
    if (const auto danger = certs::pin_danger(*token);
        !danger.empty() && risk == certs::PinRisk::avoid) {
        return Failure{Errc::pin_locked, "token '" + token->label + "': " + danger};
    }
    if (settings.pin.configured()) {
        return certs::read_pin(settings.pin);
    }
    if (!token->login_required() || token->has_pin_pad()) {
        return certs::Secret{};
    }
    return certs::prompt_pin(
        {"PIN of HSM token \"" + token->label + "\": ", settings.pin_timeout, {}}
    );
}

Loaded<certs::AdminToken> open_token(const config::Hsm& settings) {
    auto pin = find_pin(settings);
    if (!pin) {
        return pin.error();
    }
    return certs::AdminToken::open(settings, std::move(*pin));
}

}  // namespace hsmfront::commands
