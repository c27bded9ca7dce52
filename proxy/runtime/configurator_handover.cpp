// Configurator: how one process takes the place of another, at both ends.
#include "certs/pin_source.hpp"
#include "proxy/runtime/configurator.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

namespace hsmfront::runtime {

using certs::Loaded;

void Configurator::inherit(Handover& handover) {
    if (!handover.typed_pin.empty()) {
        pins_.typed(std::move(handover.typed_pin));
    }
    certs::take_variables(std::move(handover.pin_variables));
    resumption_->tickets.adopt(std::move(handover.ticket_keys));
    awaited_ = std::move(handover.protocols);
    front_.hold();
}

void Configurator::look_at_takeover() {
    if (!awaited_) {
        return;
    }
    for (const Protocol protocol : all_protocols) {
        const bool awaited = std::ranges::count(*awaited_, name(protocol)) != 0;
        if (!awaited || !enabled(*settings_, protocol)) {
            continue;
        }
        const Phase now = phase(protocol);
        if (now == Phase::down) {
            awaited_.reset();
            hooks_.took_over(certs::Failure{
                make_error_code(boost::system::errc::operation_canceled),
                fmt::format("protocol {} does not start: {}", name(protocol), reason(protocol))});
            return;
        }
        if (now != Phase::up) {
            return;
        }
    }
    awaited_.reset();
    front_.release();
    hooks_.took_over({});
}

void Configurator::hand_over(
    std::shared_ptr<Successor> successor, std::vector<net::Descriptor> others, Reply reply
) {
    post(
        {Request::Kind::handover,
         std::move(reply),
         certs::Secret(),
         std::move(successor),
         std::move(others)}
    );
}

Loaded<std::string> Configurator::hand_over_now(
    Successor& successor, std::vector<net::Descriptor> sockets
) {
    const auto failed = [](const error_code& ec, const std::string& why) {
        return certs::Failure{ec, "upgrade failed, nothing was changed: " + why};
    };
    auto bound = front_.sockets();
    if (!bound) {
        return failed(bound.error(), "its sockets: " + bound.error().message());
    }
    Handover handover;
    handover.sockets = std::move(*bound);
    std::ranges::move(sockets, std::back_inserter(handover.sockets));
    for (const Protocol protocol : all_protocols) {
        if (front_.bound(protocol) && phase(protocol) == Phase::up) {
            handover.protocols.emplace_back(name(protocol));
        }
    }
    handover.typed_pin = pins_.typed_one();
    handover.pin_variables = certs::taken_variables();
    handover.ticket_keys = resumption_->tickets.random_keys(tls::TicketKeys::Clock::now());
    if (auto started = successor.start(handover, stop_); !started) {
        return failed(started.error().code, started.error().message);
    }
    return fmt::format(
        "upgraded: process {} (hsmfront {}) serves, this one ends with its last connection",
        successor.pid(),
        successor.version()
    );
}

}  // namespace hsmfront::runtime
