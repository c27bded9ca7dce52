// The framing decision for requests and responses.
#include "proxy/http/framing.hpp"

#include <algorithm>
#include <limits>

namespace hsmfront::http {

namespace {

/// The two fields that decide, and whether each stands there exactly once under its own name.
struct FramingFields {
    const Field* length = nullptr;
    const Field* coding = nullptr;
    bool ambiguous = false;
};

void note(const Field& field, std::string_view name, const Field*& found, bool& ambiguous) {
    if (!looks_like(field.name, name)) {
        return;
    }
    ambiguous = ambiguous || found != nullptr || !iequals(field.name, name);
    found = &field;
}

FramingFields framing_fields(const Fields& fields) {
    FramingFields result;
    for (const Field& field : fields) {
        note(field, "Content-Length", result.length, result.ambiguous);
        note(field, "Transfer-Encoding", result.coding, result.ambiguous);
    }
    result.ambiguous = result.ambiguous || (result.length != nullptr && result.coding != nullptr);
    return result;
}

/// Well-formed codings that end in one chunked: understood, but not offered.
bool is_layered_chunked(std::string_view codings) {
    bool valid = !codings.ends_with(',');
    std::size_t chunked = 0;
    std::string_view last;
    while (!codings.empty()) {
        last = next_element(codings);
        valid = valid && is_token(last);
        chunked += iequals(last, "chunked") ? 1 : 0;
    }
    return valid && chunked == 1 && iequals(last, "chunked");
}

Parsed<Framing> length_framing(const Field& field, Status fault) {
    Framing framing{Framing::Kind::length, 0};
    if (!parse_length(field.value, framing.length)) {
        return fault;
    }
    return framing;
}

}  // namespace

bool parse_length(std::string_view text, std::uint64_t& length) noexcept {
    constexpr std::uint64_t limit = std::numeric_limits<std::int64_t>::max();
    if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit)) {
        return false;
    }
    length = 0;
    for (const char c : text) {
        const auto digit = static_cast<std::uint64_t>(c - '0');
        if (length > (limit - digit) / 10) {
            return false;
        }
        length = length * 10 + digit;
    }
    return true;
}

Parsed<Framing> request_framing(const RequestHead& head) {
    const FramingFields fields = framing_fields(head.fields);
    if (fields.ambiguous) {
        return Status::bad_request;
    }
    if (fields.length != nullptr) {
        return length_framing(*fields.length, Status::bad_request);
    }
    if (fields.coding == nullptr) {
        return Framing{};
    }
    if (head.version == Version::http1_0) {
        return Status::bad_request;
    }
    if (iequals(fields.coding->value, "chunked")) {
        return Framing{Framing::Kind::chunked, 0};
    }
    return is_layered_chunked(fields.coding->value) ? Status::not_implemented : Status::bad_request;
}

Parsed<Framing> response_framing(const ResponseHead& head, bool to_head) {
    const FramingFields fields = framing_fields(head.fields);
    if (fields.ambiguous) {
        return Status::bad_gateway;
    }
    Framing told;
    if (fields.length != nullptr) {
        const Parsed<Framing> length = length_framing(*fields.length, Status::bad_gateway);
        if (!length) {
            return length;
        }
        told = *length;
    }
    if (to_head || head.status == 204 || head.status == 304) {
        return Framing{};  // whatever the fields say of a length
    }
    if (fields.length != nullptr) {
        return told;
    }
    if (fields.coding == nullptr) {
        return Framing{Framing::Kind::until_close, 0};
    }
    if (head.version == Version::http1_0 || !iequals(fields.coding->value, "chunked")) {
        return Status::bad_gateway;
    }
    return Framing{Framing::Kind::chunked, 0};
}

}  // namespace hsmfront::http
