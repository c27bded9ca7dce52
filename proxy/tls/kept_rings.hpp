// KeptRings: ticket keys that outlive their rotation for one FTP control session.
#pragma once

#include "proxy/tls/ticket_ring.hpp"

namespace hsmfront::tls {

/// Those that tickets of a control session were made with, on its data connections too. Clients
/// come back with such tickets as long as it stands (a TLS 1.2 client gets no newer one), for hours
/// after keys were rotated away or their files removed. Nothing else is opened with such keys: data
/// connections resume no other session (SessionTag).
///
/// One worker's.
class KeptRings {
  public:
    void made_with(const TicketRingPtr& ring) {
        first_ = first_ == nullptr ? ring : first_;
        latest_ = ring;
    }
    /// Null: none of them has a key of that name.
    [[nodiscard]] const TicketKey* find(TicketKey::Name name) const {
        const TicketKey* key = nullptr;
        for (const auto& ring : {first_, latest_}) {
            key = key == nullptr && ring != nullptr ? ring->find(name) : key;
        }
        return key;
    }

  private:
    TicketRingPtr first_;   ///< with which TLS 1.2 stays
    TicketRingPtr latest_;  ///< which a TLS 1.3 client has the newest ticket of
};

}  // namespace hsmfront::tls
