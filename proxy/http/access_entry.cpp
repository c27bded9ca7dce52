#include "proxy/http/access_entry.hpp"

#include <utility>

namespace hsmfront::http {

namespace {

std::string_view name(Version version) noexcept {
    switch (version) {
        case Version::http1_0:
            return "HTTP/1.0";
        case Version::http1_1:
            return "HTTP/1.1";
        case Version::http2:
            return "HTTP/2.0";
    }
    return {};
}

std::string_view value(const Fields& fields, std::string_view field_name) noexcept {
    const Field* const found = find(fields, field_name);
    return found == nullptr ? std::string_view{} : found->value;
}

}  // namespace

AccessEntry::AccessEntry(AccessConnection* connection, Traffic& traffic)
    : traffic_(traffic), begun_(net::Clock::now()) {
    if (connection != nullptr) {
        log_ = &connection->log;
        record_ = connection->known;
        connection->known.handshake.reset();
        record_.begun = std::chrono::system_clock::now();
    }
}

void AccessEntry::describe(const RequestHead& head, std::string_view host) {
    if (log_ == nullptr) {
        return;
    }
    const std::string_view referer = value(head.fields, "referer");
    const std::string_view user_agent = value(head.fields, "user-agent");
    // Views into it hold only if it never grows.
    text_.reserve(
        head.method.size() + head.target.size() + host.size() + referer.size() + user_agent.size()
    );
    record_.method = keep(head.method);
    record_.target = keep(head.target);
    record_.host = keep(host);
    record_.referer = keep(referer);
    record_.user_agent = keep(user_agent);
    record_.version = name(head.version);
}

void AccessEntry::end(const Exchange::Facts& facts) {
    record_.status = facts.status;
    record_.received = facts.received;
    record_.sent = facts.sent;
    if (!facts.backend.empty()) {
        record_.connect = facts.connect;
    }
    record_.first_byte = facts.first_byte;
    record_.backend = facts.backend;
    record_.reason = facts.reason;
    finish();
}

void AccessEntry::end(Status status, std::string_view reason) {
    record_.status = static_cast<unsigned>(status);
    record_.reason = reason;
    finish();
}

std::string_view AccessEntry::keep(std::string_view text) {
    const std::size_t begin = text_.size();
    text_ += text;
    return std::string_view(text_).substr(begin);
}

void AccessEntry::finish() {
    const auto duration = net::Clock::now() - begun_;
    traffic_.count(record_.status, record_.received, record_.sent, duration);
    if (log_ != nullptr) {
        record_.total = std::chrono::duration_cast<AccessRecord::Milliseconds>(duration);
        log_->write(record_);
    }
}

}  // namespace hsmfront::http
