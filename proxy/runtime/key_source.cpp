#include "proxy/runtime/key_source.hpp"

#include "certs/errc.hpp"
#include "certs/pin_prompt.hpp"
#include "certs/pin_source.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace hsmfront::runtime {
namespace {

using certs::Loaded;
using std::chrono::milliseconds;

constexpr milliseconds first_pause{200};
constexpr milliseconds longest_pause{5000};

bool unreachable(const certs::Failure& failure) {
    return failure.code == make_error_code(certs::Errc::token_unavailable);
}

/// True unless stopped meanwhile.
bool pause(milliseconds time, const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock(mutex);
    stopped.wait_for(lock, stop, time, [] { return false; });
    return !stop.stop_requested();
}

/// Repeats `attempt` while the token is unreachable.
template <class Attempt>
auto until_reachable(Attempt attempt, const std::stop_token& stop) {
    auto wait = first_pause;
    for (;;) {
        auto outcome = attempt();
        if (outcome || !unreachable(outcome.error())) {
            return outcome;
        }
        if (wait == first_pause) {
            spdlog::warn("hsm: {}; trying again until it answers", outcome.error().message);
        }
        if (!pause(wait, stop)) {
            return outcome;
        }
        wait = std::min(wait * 2, longest_pause);
    }
}

Loaded<certs::Secret> find_pin(const config::Hsm& settings, const std::stop_token& stop) {
    if (settings.pin.configured()) {
        return certs::read_pin(settings.pin);
    }
    const auto wanted = until_reachable([&] { return certs::needs_pin(settings); }, stop);
    if (!wanted) {
        return wanted.error();
    }
    if (!*wanted) {
        return certs::Secret{};
    }
    return certs::prompt_pin(
        {"PIN of HSM token \"" + settings.token + "\": ", settings.pin_timeout, stop}
    );
}

}  // namespace

Loaded<std::shared_ptr<certs::Hsm>> open_hsm(
    const config::Hsm& settings, const std::stop_token& stop
) {
    const auto pin = find_pin(settings, stop);
    if (!pin) {
        return pin.error();
    }
    return until_reachable(
        [&] {
            certs::Pins pins;
            pins.push_back(pin->copy());
            return certs::Hsm::open(settings, std::move(pins));
        },
        stop
    );
}

}  // namespace hsmfront::runtime
