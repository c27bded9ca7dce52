#include "proxy/runtime/pin_keeper.hpp"

#include "certs/errc.hpp"
#include "certs/pin_source.hpp"

#include <algorithm>

namespace hsmfront::runtime {
namespace {

using certs::Loaded;
using certs::Pins;
using certs::Secret;

Loaded<Secret> read(const config::PinSource& source, const Pins& written, std::size_t index) {
    if (!source.value) {
        return certs::read_pin(source);
    }
    const Secret& pin = written.at(index);
    if (pin.empty()) {
        return certs::Failure{
            make_error_code(certs::Errc::pin_missing), "hsm.pin.value: the PIN is empty"};
    }
    return pin.copy();
}

}  // namespace

Pins copy(const Pins& pins) {
    Pins copied;
    for (const Secret& pin : pins) {
        copied.push_back(pin.copy());
    }
    return copied;
}

Loaded<Pins> PinKeeper::collect(const config::Hsm& settings, const Pins& written) {
    Pins pins;
    if (settings.pin.configured()) {
        auto pin = read(settings.pin, written, 0);
        if (!pin) {
            return pin.error();
        }
        // Typed because the configured one was refused.
        const bool replaced = !typed_.empty() && refused_first(*pin);
        pins.push_back(replaced ? typed_.copy() : std::move(*pin));
    } else if (!typed_.empty()) {
        pins.push_back(typed_.copy());
    } else {
        const auto wanted = certs::needs_pin(settings);
        if (!wanted) {
            return wanted.error();
        }
        if (*wanted) {
            return certs::Failure{
                make_error_code(certs::Errc::pin_missing),
                "hsm.pin is not set and nobody typed the PIN"};
        }
        pins.emplace_back();
    }
    for (std::size_t i = 0; i < settings.failover.size(); ++i) {
        const auto& source = settings.failover[i].pin;
        if (!source.configured()) {
            pins.push_back(pins.front().copy());
            continue;
        }
        auto pin = read(source, written, i + 1);
        if (!pin) {
            return pin.error();
        }
        pins.push_back(std::move(*pin));
    }
    return pins;
}

void PinKeeper::refused(const Pins& pins) {
    if (!was_refused(pins)) {
        refused_.push_back(copy(pins));
    }
    typed_ = {};
}

bool PinKeeper::refused_first(const Secret& pin) const {
    return std::any_of(refused_.begin(), refused_.end(), [&pin](const Pins& known) {
        return known.front() == pin;
    });
}

bool PinKeeper::was_refused(const Pins& pins) const {
    return std::any_of(refused_.begin(), refused_.end(), [&pins](const Pins& known) {
        return std::equal(known.begin(), known.end(), pins.begin(), pins.end());
    });
}

}  // namespace hsmfront::runtime
