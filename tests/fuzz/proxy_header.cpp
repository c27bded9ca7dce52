// Fuzz target: what stands before a connection from a balancer. PROXY protocol, both versions.
#include "proxy/net/proxy_header.hpp"

#include "tests/fuzz/pieces.hpp"
#include "tests/fuzz/require.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace hsmfront::fuzz {
namespace {

/// A header's beginning is never mistaken for a header, or for none.
void check_beginnings(std::string_view bytes, const Result<net::HeaderProgress>& whole) {
    const bool complete = whole && whole->complete;
    std::size_t at = 0;
    for (const auto piece : scattered(bytes)) {
        const auto begun = net::parse_proxy_header(bytes.substr(0, at));
        if (!begun) {
            require(!complete || at > whole->length, "a header's beginning is no error");
            require(!whole, "what is wrong stays wrong");
            return;
        }
        if (begun->complete) {
            require(complete && begun->length == whole->length, "a header ends where it ends");
        } else {
            require(begun->length >= at, "all bytes of a beginning are the header's");
            require(!complete || at < whole->length, "a whole header is seen");
            require(!complete || begun->length <= whole->length, "no byte too many is wanted");
        }
        at += piece.size();
    }
}

/// What we write is read as it was meant, and writes the same again.
void check_written(const net::ProxiedAddresses& addresses) {
    for (const auto version : {config::ProxyVersion::v1, config::ProxyVersion::v2}) {
        const std::string wire = net::format_proxy_header(version, {addresses, {}, "id"});
        const auto again = net::parse_proxy_header(wire);
        require(again && again->complete, "our header is a header");
        require(again->length == wire.size(), "our header is one header");
        if (again->addresses) {
            const auto same = net::format_proxy_header(version, {*again->addresses, {}, "id"});
            require(same == wire, "our header survives the wire");
        }
    }
}

}  // namespace
}  // namespace hsmfront::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hsmfront;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto header = net::parse_proxy_header(bytes);
    fuzz::check_beginnings(bytes, header);
    if (header && header->complete) {
        fuzz::require(header->length <= bytes.size(), "a header is within its bytes");
        fuzz::require(header->length <= net::max_proxy_header, "a header is within the limit");
        if (header->addresses) {
            fuzz::check_written(*header->addresses);
        }
    }
    return 0;
}
