// Fuzz target: the fields that say who the client is, behind whatever a client or a trusted peer
// sent. The first byte says who it is; each line is a number of a name and a value.
#include "proxy/http/forwarding.hpp"
#include "tests/fuzz/http_wire.hpp"
#include "tests/fuzz/require.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace hsmfront::fuzz {
namespace {

constexpr std::array<std::string_view, 16> names{
    "Forwarded",
    "X-Forwarded-For",
    "X-Forwarded-Proto",
    "X-Forwarded-Host",
    "X-Forwarded-Port",
    "X_Forwarded_For",
    "X-Real-IP",
    "Client-Cert",
    "client_cert",
    "Via",
    "Connection",
    "Forwarded",
    "X-Forwarded-For",
    "x-forwarded-server",
    "True-Client-IP",
    "X-Other"};

/// Field lines of the input that a head could have.
http::Fields fields_of(std::string_view bytes) {
    http::Fields fields;
    while (!bytes.empty()) {
        const std::size_t end = bytes.find('\n');
        const std::string_view line = bytes.substr(0, end);
        bytes.remove_prefix(std::min(bytes.size(), line.size() + 1));
        if (!line.empty() && http::is_field_text(line.substr(1))) {
            const auto name = static_cast<unsigned char>(line[0]) % names.size();
            fields.push_back({names.at(name), http::trim(line.substr(1))});
        }
    }
    return fields;
}

/// Takes the next pair of RFC 7239 §4 off `rest`, with what stands behind it: ';', ',' or nothing.
struct Pair {
    std::string_view name;
    std::string_view value;  ///< without quotes, escapes not undone
    char behind = '\0';
};
std::optional<Pair> next_pair(std::string_view& rest) {
    const std::size_t equals = rest.find('=');
    if (equals == std::string_view::npos || !http::is_token(rest.substr(0, equals))) {
        return std::nullopt;
    }
    Pair pair{rest.substr(0, equals), {}};
    rest.remove_prefix(equals + 1);
    std::size_t end = 0;
    if (rest.starts_with('"')) {
        for (end = 1; end < rest.size() && rest[end] != '"'; ++end) {
            end += rest[end] == '\\' ? 1 : 0;
        }
        if (end >= rest.size()) {
            return std::nullopt;
        }
        pair.value = rest.substr(1, end - 1);
        ++end;
    } else {
        while (end < rest.size() && http::is_token_char(rest[end])) {
            ++end;
        }
        pair.value = rest.substr(0, end);
    }
    rest.remove_prefix(end);
    rest = http::trim(rest);
    if (!rest.empty()) {
        pair.behind = rest.front();
        rest = http::trim(rest.substr(1));
    }
    return pair;
}

/// The last element's "for", if the whole list is one of RFC 7239. Empty elements are allowed, as
/// in any list (RFC 9110 §5.6.1).
std::optional<std::string_view> last_for(std::string_view list) {
    std::optional<std::string_view> found;
    while (!list.empty()) {
        if (list.front() == ',' || list.front() == ';') {
            list = http::trim(list.substr(1));
            continue;
        }
        const auto pair = next_pair(list);
        if (!pair || (pair->behind != '\0' && pair->behind != ';' && pair->behind != ',')) {
            return std::nullopt;
        }
        if (http::iequals(pair->name, "for")) {
            found = pair->value;
        }
    }
    return found;
}

void check(
    const http::ClientIdentity& client,
    const config::Forwarded& settings,
    const http::Fields& written
) {
    const std::string own = client.ipv6 ? "2001:db8::7" : "192.0.2.7";
    const std::string list = values_of(written, "X-Forwarded-For");
    const std::string forwarded = values_of(written, "Forwarded");
    require(values_of(written, "Client-Cert").empty(), "no certificate was shown");
    if (settings.x_forwarded) {
        require(list.empty() || list.ends_with(own), "X-Forwarded-For names the peer last");
    }
    for (const auto& field : written) {
        const bool odd = field.name.find('_') != std::string_view::npos;
        require(!odd, "no other spelling of these fields goes on");
    }
    if (!forwarded.empty() && settings.forwarded) {
        const auto last = last_for(forwarded);
        require(last.has_value(), "Forwarded is a list of RFC 7239");
        require(*last == (client.ipv6 ? '[' + own + ']' : own), "Forwarded names the peer last");
    }
    if (client.trusted) {
        return;
    }
    require(list == (settings.x_forwarded ? own : ""), "a client's list is not believed");
    require(forwarded.find(',') == std::string::npos, "a client's Forwarded is not believed");
    for (const auto* name : {"X-Real-IP", "True-Client-IP", "X-Forwarded-Server"}) {
        require(values_of(written, name).empty(), "a client does not say who it is");
    }
}

}  // namespace
}  // namespace hsmfront::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hsmfront;
    if (size == 0) {
        return 0;
    }
    const unsigned choice = data[0];
    const auto client = fuzz::some_client((choice & 1U) != 0, (choice & 2U) != 0);
    config::Http settings;
    settings.forwarded.x_forwarded = (choice & 4U) == 0;
    settings.forwarded.forwarded = (choice & 8U) == 0;
    http::RequestHead head;
    head.method = "GET";
    head.target = "/";
    head.fields = fuzz::fields_of({reinterpret_cast<const char*>(data) + 1, size - 1});
    head.fields.push_back({"Host", "front.example:8443"});
    const auto checked = http::check_request(head, "");
    fuzz::require(checked.has_value(), "no such field spoils a request");
    std::string wire;
    http::append_request_head(wire, head, *checked, client, settings);
    fuzz::require_well_formed(wire);
    const auto written = http::parse_request_head(wire, head.fields.size() + 16);
    fuzz::require(written.has_value(), "our head is valid");
    fuzz::check(client, settings.forwarded, written->fields);
    return 0;
}
