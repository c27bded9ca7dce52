#include "proxy/net/port_range.hpp"

#include "proxy/net/errc.hpp"

#include <algorithm>
#include <random>

namespace hsmfront::net {
namespace {

Result<Acceptor> listen(Executor executor, const tcp::endpoint& endpoint) {
    Acceptor acceptor(executor);
    error_code ec;
    acceptor.open(endpoint.protocol(), ec);
    // A port in TIME_WAIT from an earlier transfer must not be lost to the range; a port that
    // somebody listens on still fails to bind.
    if (!ec) {
        acceptor.set_option(Acceptor::reuse_address(true), ec);
    }
    if (!ec) {
        acceptor.bind(endpoint, ec);
    }
    if (!ec) {
        acceptor.listen(4, ec);
    }
    if (!ec) {
        acceptor.non_blocking(true, ec);
    }
    if (ec) {
        return ec;
    }
    return acceptor;
}

std::size_t random_below(std::size_t limit) {
    thread_local std::mt19937_64 generator{
        (std::uint64_t{std::random_device{}()} << 32U) | std::random_device{}()};
    return std::uniform_int_distribution<std::size_t>{0, limit - 1}(generator);
}

}  // namespace

PortRange::PortRange(config::PortRange range) {
    for (unsigned port = range.first; port <= range.last; ++port) {
        slots_.push_back({static_cast<std::uint16_t>(port), false, Clock::time_point::min()});
    }
}

Result<PortRange::Loan> PortRange::lend(Executor executor, const asio::ip::address& address) {
    const std::scoped_lock lock(mutex_);
    Result<Loan> rested = lend_rested(executor, address);
    if (rested || rested.error() != make_error_code(Errc::no_port)) {
        return rested;
    }
    for (Slot* slot : resting()) {
        Result<Loan> loan = lend_slot(*slot, executor, address);
        if (loan || loan.error() != asio::error::address_in_use) {
            return loan;
        }
    }
    return make_error_code(Errc::no_port);
}

Result<PortRange::Loan> PortRange::lend_rested(
    Executor executor, const asio::ip::address& address
) {
    const auto now = Clock::now();
    const std::size_t start = random_below(slots_.size());
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        Slot& slot = slots_[(start + i) % slots_.size()];
        if (slot.lent || slot.rested_at > now) {
            continue;
        }
        Result<Loan> loan = lend_slot(slot, executor, address);
        if (loan || loan.error() != asio::error::address_in_use) {
            return loan;
        }
    }
    return make_error_code(Errc::no_port);
}

std::vector<PortRange::Slot*> PortRange::resting() {
    const auto now = Clock::now();
    std::vector<Slot*> found;
    for (Slot& slot : slots_) {
        if (!slot.lent && slot.rested_at > now) {
            found.push_back(&slot);
        }
    }
    std::sort(found.begin(), found.end(), [](const Slot* one, const Slot* other) {
        return one->rested_at < other->rested_at;
    });
    return found;
}

Result<PortRange::Loan> PortRange::lend_slot(
    Slot& slot, Executor executor, const asio::ip::address& address
) {
    auto acceptor = listen(executor, {address, slot.port});
    if (!acceptor) {
        return acceptor.error();
    }
    slot.lent = true;
    return Loan{*this, slot.port, std::move(*acceptor)};
}

void PortRange::give_back(std::uint16_t port) noexcept {
    const std::scoped_lock lock(mutex_);
    Slot& slot = slots_[port - slots_.front().port];
    slot.lent = false;
    slot.rested_at = Clock::now() + rest;
}

PortRange::Loan::~Loan() {
    if (range_ != nullptr) {
        listener.close();
        range_->give_back(port_);
    }
}

}  // namespace hsmfront::net
