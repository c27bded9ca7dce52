#include "proxy/runtime/admission.hpp"

#include <boost/asio/ip/address_v6.hpp>

#include <algorithm>

namespace hsmfront::runtime {
namespace {

/// Addresses without connections are kept for their handshake rate; beyond this many, those whose
/// bucket is full again are forgotten.
constexpr std::size_t remembered_peers = 4096;

Admission::Address normalised(const Admission::Address& address) {
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
        return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6());
    }
    return address;
}

}  // namespace

Admission::Slot::~Slot() {
    if (admission_ != nullptr) {
        admission_->give_back(address_);
    }
}

std::optional<Admission::Slot> Admission::admit(Address address, Clock::time_point now) {
    address = normalised(address);
    const std::scoped_lock lock(mutex_);
    const auto& rate = limits_.handshakes_per_address;
    Peer& peer = peers_.try_emplace(address, rate, now).first->second;
    if (connections_ >= limits_.connections || peer.connections >= limits_.per_address ||
        !peer.handshakes.take(rate, now)) {
        ++refused_;
        return std::nullopt;
    }
    ++connections_;
    ++peer.connections;
    if (peers_.size() > remembered_peers) {
        forget_idle_peers(now);
    }
    return std::optional<Slot>{std::in_place, *this, std::move(address)};
}

void Admission::forget_idle_peers(Clock::time_point now) {
    std::erase_if(peers_, [&](const auto& entry) {
        const auto& [address, peer] = entry;
        return peer.connections == 0 &&
               peer.handshakes.forgettable(limits_.handshakes_per_address, now);
    });
}

void Admission::give_back(const Address& address) {
    const std::scoped_lock lock(mutex_);
    --connections_;
    const auto found = peers_.find(address);
    --found->second.connections;
    if (found->second.connections == 0 && limits_.handshakes_per_address.count == 0) {
        peers_.erase(found);
    }
}

std::size_t Admission::connections() const {
    const std::scoped_lock lock(mutex_);
    return connections_;
}

std::uint64_t Admission::refused() const {
    const std::scoped_lock lock(mutex_);
    return refused_;
}

}  // namespace hsmfront::runtime
