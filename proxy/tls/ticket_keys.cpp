#include "proxy/tls/ticket_keys.hpp"

#include "proxy/log/component.hpp"

#include <algorithm>

namespace hsmfront::tls {

TicketKeys::TicketKeys(std::chrono::milliseconds lifetime, Time now)
    : source_{lifetime, std::nullopt, {}, nullptr},
      random_(TicketKey::random()),
      since_(now),
      seen_(now) {
    publish();
}

TicketRingPtr TicketKeys::ring() const {
    const std::lock_guard lock(mutex_);
    return ring_;
}

certs::Loaded<TicketKeys::Source> TicketKeys::open(
    const std::vector<std::filesystem::path>& paths, std::chrono::milliseconds lifetime
) {
    Source source{lifetime, std::nullopt, {}, nullptr};
    if (paths.empty()) {
        return source;
    }
    source.files.emplace(paths);
    // Taken first: what changes while it is read is read again.
    source.stamp = source.files->stamp();
    auto ring = source.files->read();
    if (!ring) {
        return ring.error();
    }
    source.ring = std::make_shared<const TicketRing>(std::move(*ring));
    return source;
}

void TicketKeys::use(Source source, Time now) {
    const bool random = !source.files.has_value();
    if (random_ != nullptr && (!random || source.lifetime != source_.lifetime)) {
        retired_.insert(retired_.begin(), {std::move(random_), now + source_.lifetime});
        random_ = nullptr;
    }
    source_ = std::move(source);
    if (random && random_ == nullptr) {
        random_ = TicketKey::random();
        since_ = now;
    }
    publish();
}

void TicketKeys::refresh(Time now) {
    notice_clock(now);
    const auto expired =
        std::erase_if(retired_, [now](const Retired& one) { return now > one.until; });
    if (source_.files) {
        read_again();
    } else if (now >= since_ + source_.lifetime / 2) {
        rotate(now);
        return;
    }
    if (expired != 0) {
        publish();
    }
}

std::vector<TicketKeys::Retired> TicketKeys::random_keys(Time now) const {
    std::vector<Retired> keys = retired_;
    if (random_ != nullptr) {
        keys.insert(keys.begin(), {random_, now + source_.lifetime});
    }
    return keys;
}

void TicketKeys::adopt(std::vector<Retired> keys) {
    retired_.insert(retired_.end(), keys.begin(), keys.end());
    publish();
}

/// When it was set back, no key is kept until a time that it had before.
void TicketKeys::notice_clock(Time now) {
    if (now < seen_) {
        since_ = std::min(since_, now);
        for (auto& one : retired_) {
            one.until = std::min(one.until, now + source_.lifetime);
        }
    }
    seen_ = now;
}

void TicketKeys::rotate(Time now) {
    retired_.insert(retired_.begin(), {std::move(random_), now + source_.lifetime});
    random_ = TicketKey::random();
    since_ = now;
    publish();
    log::tls.debug("a new ticket key, {} older ones decrypt", retired_.size());
}

void TicketKeys::read_again() {
    const auto stamp = source_.files->stamp();
    if (stamp == source_.stamp) {
        return;
    }
    source_.stamp = stamp;
    auto ring = source_.files->read();
    if (!ring) {
        log::tls.error(
            "tls.tickets.keys: {}; the keys of before stay in use", ring.error().message
        );
        return;
    }
    source_.ring = std::make_shared<const TicketRing>(std::move(*ring));
    publish();
    log::tls.info("tls.tickets.keys: read again, {} keys", source_.ring->keys().size());
}

void TicketKeys::publish() {
    std::vector<TicketKeyPtr> keys;
    std::size_t encrypting = 0;
    if (source_.ring != nullptr) {
        keys = source_.ring->keys();
        encrypting = source_.ring->encrypting_place();
    } else {
        keys.push_back(random_);
    }
    for (const auto& one : retired_) {
        keys.push_back(one.key);
    }
    auto ring = std::make_shared<const TicketRing>(std::move(keys), encrypting);
    const std::lock_guard lock(mutex_);
    ring_.swap(ring);
}

}  // namespace hsmfront::tls
