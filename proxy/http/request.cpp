// Checks across the fields of a request head.
#include "proxy/http/request.hpp"

#include <algorithm>
#include <array>

namespace hsmfront::http {

namespace {

bool is_idempotent(std::string_view method) noexcept {
    static constexpr std::array<std::string_view, 5> methods{
        "GET", "HEAD", "OPTIONS", "PUT", "DELETE"};
    return std::find(methods.begin(), methods.end(), method) != methods.end();
}

/// The Host field's value, "" if there is none and there need not be one.
Parsed<std::string_view> host_field(const RequestHead& head) {
    const Field* found = nullptr;
    for (const Field& field : head.fields) {
        if (!iequals(field.name, "Host")) {
            continue;
        }
        if (found != nullptr || !parse_authority(field.value)) {
            return Status::bad_request;
        }
        found = &field;
    }
    if (found == nullptr && head.version == Version::http1_1) {
        return Status::bad_request;
    }
    return found == nullptr ? std::string_view() : found->value;
}

bool asks_for_websocket(const RequestHead& head, const Framing& framing) {
    return head.version == Version::http1_1 && head.method == "GET" && framing.empty() &&
           lists_token(head.fields, "Connection", "upgrade") &&
           lists_token(head.fields, "Upgrade", "websocket");
}

}  // namespace

bool persistent(Version version, const Fields& fields) noexcept {
    if (lists_token(fields, "Connection", "close")) {
        return false;
    }
    return version == Version::http1_1 || lists_token(fields, "Connection", "keep-alive");
}

Parsed<Checked> check_request(const RequestHead& head, std::string_view default_host) {
    const Parsed<Target> target = parse_target(head.method, head.target);
    if (!target) {
        return target.error();
    }
    const Parsed<std::string_view> host = host_field(head);
    if (!host) {
        return host.error();
    }
    const Parsed<Framing> framing = request_framing(head);
    if (!framing) {
        return framing.error();
    }
    Checked checked;
    checked.path = target->path;
    Request& request = checked.request;
    request.version = head.version;
    request.framing = *framing;
    request.host = !target->authority.empty() ? target->authority
                   : !host->empty()           ? *host
                                              : default_host;
    request.head = head.method == "HEAD";
    request.idempotent = is_idempotent(head.method);
    request.keep_alive = persistent(head.version, head.fields);
    request.accepts_trailers =
        head.version == Version::http1_1 && lists_token(head.fields, "TE", "trailers");
    request.websocket = asks_for_websocket(head, *framing);
    return checked;
}

}  // namespace hsmfront::http
