#include "proxy/tls/session_cache.hpp"

#include <openssl/crypto.h>

#include <iterator>
#include <optional>

namespace hsmfront::tls {
namespace {

/// What a session takes besides its own bytes: list node, hash node and bucket, heap headers.
constexpr std::size_t overhead = 256;

}  // namespace

std::string_view session_id(const SSL_SESSION* session) {
    unsigned int length = 0;
    const unsigned char* id = SSL_SESSION_get_id(session, &length);
    return {reinterpret_cast<const char*>(id), length};
}

SessionCache::Serialised::~Serialised() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

std::size_t SessionCache::cost(const Entry& entry) { return entry.session.size() + overhead; }

void SessionCache::resize(std::size_t capacity) {
    const std::lock_guard lock(mutex_);
    capacity_ = capacity;
    shrink();
}

std::size_t SessionCache::capacity() const {
    const std::lock_guard lock(mutex_);
    return capacity_;
}

void SessionCache::add(SSL_SESSION* session) {
    const auto id = session_id(session);
    const int size = id.empty() || capacity() == 0 ? 0 : i2d_SSL_SESSION(session, nullptr);
    if (size <= 0) {
        return;
    }
    const auto expires = static_cast<std::time_t>(SSL_SESSION_get_time(session)) +
                         static_cast<std::time_t>(SSL_SESSION_get_timeout(session));
    Entries fresh;
    fresh.push_back({std::string(id), Serialised(static_cast<std::size_t>(size)), expires});
    unsigned char* out = fresh.front().session.data();
    i2d_SSL_SESSION(session, &out);

    const std::lock_guard lock(mutex_);
    if (cost(fresh.front()) > capacity_) {
        return;
    }
    if (const auto known = by_id_.find(id); known != by_id_.end()) {
        drop(known->second);
    }
    bytes_ += cost(fresh.front());
    entries_.splice(entries_.begin(), fresh);
    by_id_.emplace(entries_.front().id, entries_.begin());
    shrink();
}

SessionCache::Found SessionCache::find(std::string_view id, std::time_t now) {
    std::optional<Serialised> copy;
    {
        const std::lock_guard lock(mutex_);
        const auto known = by_id_.find(id);
        if (known == by_id_.end()) {
            return nullptr;
        }
        const auto entry = known->second;
        if (entry->expires <= now) {
            drop(entry);
            return nullptr;
        }
        entries_.splice(entries_.begin(), entries_, entry);
        copy.emplace(entry->session);
    }
    const unsigned char* in = copy->data();
    return Found(d2i_SSL_SESSION(nullptr, &in, static_cast<long>(copy->size())));
}

void SessionCache::remove(std::string_view id) {
    const std::lock_guard lock(mutex_);
    if (const auto known = by_id_.find(id); known != by_id_.end()) {
        drop(known->second);
    }
}

std::size_t SessionCache::size() const {
    const std::lock_guard lock(mutex_);
    return entries_.size();
}

std::size_t SessionCache::bytes() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
}

void SessionCache::drop(Entries::iterator entry) {
    bytes_ -= cost(*entry);
    by_id_.erase(entry->id);
    entries_.erase(entry);
}

void SessionCache::shrink() {
    while (bytes_ > capacity_) {
        drop(std::prev(entries_.end()));
    }
}

}  // namespace hsmfront::tls
