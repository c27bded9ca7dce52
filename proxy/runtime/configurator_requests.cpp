// Configurator: what an operator asks of the running service.
#include "certs/errc.hpp"
#include "config/problem.hpp"
#include "proxy/log/component.hpp"
#include "proxy/runtime/configurator.hpp"
#include "proxy/runtime/load_settings.hpp"
#include "proxy/runtime/log.hpp"
#include "proxy/runtime/sandbox.hpp"

#include <algorithm>

namespace hsmfront::runtime {
namespace {

using certs::Errc;
using certs::Failure;
using certs::Loaded;

Failure refused(std::string message) {
    return {make_error_code(Errc::file_malformed), std::move(message)};
}

/// All problems in one line, for the log.
std::string in_one_line(const std::vector<config::Problem>& problems) {
    std::string text;
    for (const auto& problem : problems) {
        text += (text.empty() ? "" : "; ") + config::render(problem);
    }
    return text;
}

/// The first key whose change the running service cannot follow, or empty.
std::string needs_restart(const config::Settings& now, const config::Settings& next) {
    const std::pair<const char*, bool> fixed[] = {
        {"tls.fips", now.tls.fips != next.tls.fips},
        {"workers", now.workers != next.workers},
        {"user", now.user != next.user},
        {"admin", now.admin != next.admin},
        {"sandbox", now.sandbox != next.sandbox},
    };
    for (const auto& [key, changed] : fixed) {
        if (changed) {
            return key;
        }
    }
    return {};
}

/// Why a file that `next` names may have been refused to us.
std::string hint_at_sandbox(const config::Settings& next, const std::filesystem::path& file) {
    const auto outside = outside_sandbox(next, file);
    return outside.empty() ? ""
                           : " (" + outside.string() +
                                 " was not allowed to this process when it started, by "
                                 "sandbox.landlock: restart it)";
}

/// The same tokens, used in the same way, wherever the PIN comes from.
bool same_use(config::Hsm a, config::Hsm b) {
    for (auto* one : {&a, &b}) {
        one->pin = {};
        one->pin_timeout = {};
        for (auto& other : one->failover) {
            other.pin = {};
        }
    }
    return a == b;
}

}  // namespace

void Configurator::handle_requests() {
    for (;;) {
        Request request{};
        {
            const std::lock_guard lock(mutex_);
            if (requests_.empty()) {
                return;
            }
            request = std::move(requests_.front());
            requests_.pop_front();
        }
        auto result = handle(request);
        if (result) {
            log::runtime.info("{}", *result);
        } else {
            log::runtime.error("{}", result.error().message);
        }
        if (request.kind == Request::Kind::reload) {
            const std::lock_guard lock(mutex_);
            ++(result ? reloads_ : reloads_failed_);
            last_reload_ = admin::ReloadStatus{
                std::chrono::system_clock::now(),
                result.has_value(),
                result ? *result : result.error().message};
        }
        request.reply(std::move(result));
    }
}

Loaded<std::string> Configurator::handle(Request& request) {
    switch (request.kind) {
        case Request::Kind::reload:
            return reload_now();
        case Request::Kind::pin:
            return use_typed_pin(std::move(request.pin));
        case Request::Kind::handover:
            break;
    }
    return hand_over_now(*request.successor, std::move(request.sockets));
}

Loaded<std::string> Configurator::reload_now() {
    auto loaded = load_settings(source_.file, source_.overrides);
    const std::string hint = hint_at_sandbox(loaded.settings, source_.file);
    const auto failed = [&hint](const std::string& why) {
        return refused("reload failed, nothing was changed: " + why + hint);
    };
    if (!loaded.ok()) {
        return failed(in_one_line(loaded.problems));
    }
    if (const auto key = needs_restart(*settings_, loaded.settings); !key.empty()) {
        return failed(key + " changed, which needs a restart");
    }
    const auto next = std::make_shared<const config::Settings>(std::move(loaded.settings));
    auto ticket_keys = ticket_keys_for(*next);
    if (!ticket_keys) {
        return failed(ticket_keys.error().message);
    }
    auto ports = bind_for(*next);
    if (!ports) {
        return failed(ports.error().message);
    }
    auto logs = LogChange::prepare(next->log);
    if (!logs) {
        return failed(logs.error().message);
    }
    auto hsm = hsm_for(*next, loaded.written_pins);
    if (!hsm) {
        return failed(hsm.error().message);
    }
    std::map<Protocol, Served> all;
    for (const auto& [protocol, listeners] : *ports) {
        certs::Hsm* keys = uses_hsm(*next, protocol) ? hsm->get() : nullptr;
        auto served = loaded_served(*next, protocol, keys);
        if (!served) {
            if (*hsm != nullptr && *hsm != hsm_) {
                retired_.push_back(std::move(*hsm));
            }
            return failed(std::string(name(protocol)) + ": " + served.error().message);
        }
        all.emplace(protocol, std::move(*served));
    }
    const auto before = std::exchange(settings_, next);
    resume_with(std::move(*ticket_keys), *next);
    written_pins_ = std::move(loaded.written_pins);
    replace_hsm(std::move(*hsm));
    retry_at_.reset();
    logs->apply();
    admission_.use(next->limits);
    std::string done = "reloaded:";
    for (auto& [protocol, served] : all) {
        const bool comes = !front_.bound(protocol);
        front_.rebind(protocol, std::move(ports->at(protocol)));
        list(protocol);
        const std::string what = summary(*served.contexts.front());
        if (publish(protocol, std::move(served))) {
            done += " " + std::string(name(protocol)) + " with " + what + ";";
            if (comes) {
                tell_up(protocol);
            }
        }
    }
    for (const Protocol protocol : all_protocols) {
        if (!enabled(*next, protocol) && enabled(*before, protocol)) {
            switch_off(protocol);
            done += " " + std::string(name(protocol)) + " is off;";
        }
    }
    done.back() = '.';
    return done;
}

/// Beyond the ports that are bound. A protocol that has been down for want of its ports, and still
/// cannot have them, does not keep the other from being reloaded.
Loaded<std::map<Protocol, Front::Listeners>> Configurator::bind_for(const config::Settings& next) {
    std::map<Protocol, Front::Listeners> ports;
    Failure missing;
    for (const Protocol protocol : all_protocols) {
        if (!enabled(next, protocol)) {
            continue;
        }
        auto bound = front_.bind_more(next, protocol);
        if (bound) {
            ports.emplace(protocol, std::move(*bound));
            continue;
        }
        missing = bound.error();
        if (front_.bound(protocol) || !enabled(*settings_, protocol)) {
            return missing;
        }
    }
    if (ports.empty()) {
        return missing;
    }
    return ports;
}

/// Its sessions go on with what they began with.
void Configurator::switch_off(Protocol protocol) {
    if (front_.bound(protocol)) {
        front_.close(protocol);
    }
    served_.erase(protocol);
    const std::lock_guard lock(mutex_);
    protocols_.erase(protocol);
}

/// The HSM for `next`, with its modules started afresh: the present one renewed, or another beside
/// it. Null if `next` needs none.
Loaded<std::shared_ptr<certs::Hsm>> Configurator::hsm_for(
    const config::Settings& next, const certs::Pins& written
) {
    if (!next.needs_hsm()) {
        return std::shared_ptr<certs::Hsm>();
    }
    if (next.hsm.pin.configured()) {
        pins_.typed({});
    }
    auto pins = pins_.collect(next.hsm, written);
    if (!pins) {
        return pins.error();
    }
    if (hsm_ != nullptr && same_use(settings_->hsm, next.hsm)) {
        if (auto renewed = renew(*pins); !renewed) {
            return renewed.error();
        }
        return hsm_;
    }
    if (pins_.was_refused(*pins)) {
        return refused("the token refused this PIN before; it is not sent again");
    }
    auto hsm = certs::Hsm::open(next.hsm, copy(*pins));
    if (!hsm && hsm.error().code == make_error_code(Errc::pin_incorrect)) {
        pins_.refused(*pins);
    }
    return hsm;
}

Loaded<void> Configurator::renew(const certs::Pins& pins) {
    if (pins_.was_refused(pins)) {
        return refused("the token refused this PIN before; it is not sent again");
    }
    auto renewed = hsm_->renew(copy(pins));
    if (!renewed && renewed.error().code == make_error_code(Errc::pin_incorrect)) {
        pins_.refused(pins);
    }
    return renewed;
}

Loaded<std::string> Configurator::use_typed_pin(certs::Secret pin) {
    const auto waiting = hsm_protocols();
    if (waiting.empty()) {
        return refused("no PIN is wanted: no protocol takes its key from the HSM");
    }
    if (hsm_ != nullptr) {
        const auto tokens = hsm_->status().tokens;
        const bool wanted = std::any_of(tokens.begin(), tokens.end(), [](const auto& token) {
            return token.state == certs::TokenStatus::State::refused_pin;
        });
        if (!wanted) {
            return refused("no PIN is wanted: the service is logged in");
        }
        certs::Pins pins;
        for (std::size_t i = 0; i < tokens.size(); ++i) {
            pins.push_back(pin.copy());
        }
        if (auto renewed = renew(pins); !renewed) {
            return renewed.error();
        }
        pins_.typed(std::move(pin));
        return std::string("PIN accepted; the HSM is back");
    }
    pins_.typed(std::move(pin));
    for (const Protocol protocol : waiting) {
        set(protocol, Phase::starting, "");
    }
    attempt_hsm();
    std::string why;
    for (const Protocol protocol : waiting) {
        if (phase(protocol) == Phase::up) {
            return std::string("PIN accepted");
        }
        why = reason(protocol);
        if (phase(protocol) == Phase::down && pin_until_ && Clock::now() < *pin_until_) {
            set(protocol, Phase::waiting_pin, why);
        }
    }
    return refused(why);
}

void Configurator::replace_hsm(std::shared_ptr<certs::Hsm> hsm) {
    if (hsm == hsm_) {
        return;
    }
    if (hsm_ != nullptr) {
        retired_.push_back(hsm_);
    }
    const std::lock_guard lock(mutex_);
    hsm_ = std::move(hsm);
}

void Configurator::reap_retired() {
    std::erase_if(retired_, [](const auto& hsm) {
        if (hsm->in_use()) {
            return false;
        }
        hsm->stop();
        return true;
    });
}

std::size_t Configurator::close_hsm() {
    std::size_t stuck = 0;
    if (hsm_ != nullptr) {
        retired_.push_back(std::move(hsm_));
    }
    for (const auto& hsm : retired_) {
        hsm->stop();
        stuck += hsm->status().wedged();
    }
    return stuck;
}

admin::ServiceStatus Configurator::status() const {
    admin::ServiceStatus status;
    std::shared_ptr<certs::Hsm> hsm;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [protocol, one] : protocols_) {
            status.protocols.push_back(one);
        }
        status.last_reload = last_reload_;
        status.reloads = reloads_;
        status.reloads_failed = reloads_failed_;
        hsm = hsm_;
    }
    status.staples = stapler_.status();
    if (hsm != nullptr) {
        status.hsm = hsm->status();
    }
    status.up_for = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - started_);
    return status;
}

}  // namespace hsmfront::runtime
