#include "proxy/tls/ticket_ring.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <new>
#include <string_view>

namespace hsmfront::tls {

TicketKey::TicketKey(Bytes bytes)
    : secret_(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size())) {}

TicketKeyPtr TicketKey::random() {
    std::array<unsigned char, size> bytes{};
    if (RAND_priv_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
        throw std::bad_alloc();
    }
    auto key = std::make_shared<const TicketKey>(bytes);
    OPENSSL_cleanse(bytes.data(), bytes.size());
    return key;
}

bool TicketKey::named(Name name) const {
    const Name ours = this->name();
    return std::equal(ours.begin(), ours.end(), name.begin());
}

TicketRing::TicketRing(std::vector<TicketKeyPtr> keys, std::size_t encrypting)
    : keys_(std::move(keys)), encrypting_(encrypting) {
    assert(encrypting_ < keys_.size());
}

const TicketKey* TicketRing::find(TicketKey::Name name) const {
    const auto found = std::find_if(keys_.begin(), keys_.end(), [name](const auto& key) {
        return key->named(name);
    });
    return found == keys_.end() ? nullptr : found->get();
}

}  // namespace hsmfront::tls
