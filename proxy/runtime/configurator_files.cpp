// Configurator: files that change while the service runs.
#include "proxy/log/component.hpp"
#include "proxy/runtime/configurator.hpp"

#include <algorithm>

namespace hsmfront::runtime {
namespace {

constexpr std::chrono::milliseconds look_period{2000};

}  // namespace

bool Configurator::watches_files() const {
    return std::any_of(served_.begin(), served_.end(), [](const auto& entry) {
        return !entry.second.files.empty();
    });
}

void Configurator::look_at_files() {
    if (Clock::now() < next_look_) {
        return;
    }
    next_look_ = Clock::now() + look_period;
    for (auto& [protocol, served] : served_) {
        if (served.files.changed()) {
            read_again(protocol);
        }
    }
}

/// With the keys that it has: no token is asked. What cannot be read changes nothing, and is tried
/// again when the files change again.
void Configurator::read_again(Protocol protocol) {
    const Phase before = phase(protocol);
    const std::string why = reason(protocol);
    auto next = served_with(*settings_, protocol, served_.at(protocol).identities);
    if (!next) {
        const std::string message =
            "client certificates are judged by the old CA and CRL files: " + next.error().message;
        log::runtime.error("protocol {}: {}", name(protocol), message);
        if (before == Phase::up) {
            set(protocol, before, message);
        }
        return;
    }
    if (!publish(protocol, std::move(*next))) {
        return;
    }
    if (before != Phase::up) {
        set(protocol, before, why);
    }
    log::runtime.info(
        "protocol {}: CA and CRL files for client certificates read again", name(protocol)
    );
}

}  // namespace hsmfront::runtime
