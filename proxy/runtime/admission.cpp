#include "proxy/runtime/admission.hpp"

#include "proxy/log/component.hpp"

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
        admission_->give_back(client_);
    }
}

bool Admission::Slot::assign(const Address& client, Clock::time_point now) {
    const Address counted = normalised(client);
    if (!admission_->count_for(counted, now)) {
        return false;
    }
    client_ = counted;
    return true;
}

void Admission::use(const config::Limits& limits, Clock::time_point now) {
    const std::scoped_lock lock(mutex_);
    const bool other_rate = limits.handshakes_per_address != limits_.handshakes_per_address;
    limits_ = limits;
    if (!other_rate) {
        return;
    }
    // What is left of another rate means nothing: everyone begins anew.
    std::erase_if(peers_, [](const auto& entry) { return entry.second.connections == 0; });
    for (auto& [address, peer] : peers_) {
        peer.handshakes = net::TokenBucket(limits.handshakes_per_address, now);
    }
}

bool Admission::note_memory(std::uint64_t resident) {
    const std::scoped_lock lock(mutex_);
    resident_ = resident;
    return memory_used_up();
}

std::optional<Admission::Slot> Admission::admit() {
    const std::scoped_lock lock(mutex_);
    if (connections_ >= limits_.connections) {
        refuse(0, nullptr, Clock::now());
        return std::nullopt;
    }
    if (memory_used_up()) {
        refuse(3, nullptr, Clock::now());
        return std::nullopt;
    }
    ++connections_;
    return std::optional<Slot>{std::in_place, *this};
}

std::optional<Admission::Slot> Admission::admit(const Address& client, Clock::time_point now) {
    auto slot = admit();
    if (slot && !slot->assign(client, now)) {
        return std::nullopt;
    }
    return slot;
}

bool Admission::count_for(const Address& client, Clock::time_point now) {
    const std::scoped_lock lock(mutex_);
    const auto& rate = limits_.handshakes_per_address;
    Peer& peer = peers_.try_emplace(client, rate, now).first->second;
    if (peer.connections >= limits_.per_address) {
        refuse(1, &client, now);
        return false;
    }
    if (!peer.handshakes.take(rate, now)) {
        refuse(2, &client, now);
        return false;
    }
    ++peer.connections;
    if (peers_.size() > remembered_peers) {
        forget_idle_peers(now);
    }
    return true;
}

void Admission::refuse(std::size_t limit, const Address* client, Clock::time_point now) {
    ++refused_[limit];
    if (const auto count = logs_[limit].note(now); count != 0) {
        log::net.warn(
            "limits.{}: {} connections refused{}",
            limit_keys[limit],
            count,
            client == nullptr ? "" : ", the last from " + client->to_string()
        );
    }
}

void Admission::forget_idle_peers(Clock::time_point now) {
    std::erase_if(peers_, [&](const auto& entry) {
        const auto& [address, peer] = entry;
        return peer.connections == 0 &&
               peer.handshakes.forgettable(limits_.handshakes_per_address, now);
    });
}

void Admission::give_back(const std::optional<Address>& client) {
    const std::scoped_lock lock(mutex_);
    --connections_;
    if (!client) {
        return;
    }
    const auto found = peers_.find(*client);
    --found->second.connections;
    if (found->second.connections == 0 && limits_.handshakes_per_address.count == 0) {
        peers_.erase(found);
    }
}

std::size_t Admission::connections() const {
    const std::scoped_lock lock(mutex_);
    return connections_;
}

Admission::Refused Admission::refused() const {
    const std::scoped_lock lock(mutex_);
    return refused_;
}

}  // namespace hsmfront::runtime
