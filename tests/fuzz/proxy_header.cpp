// Fuzz target: what a balancer, or who passes for one, may send in front of a connection.
#include "proxy/net/proxy_header.hpp"

#include "proxy/net/networks.hpp"
#include "tests/fuzz/require.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace hsmfront::fuzz {
namespace {

using boost::asio::ip::tcp;
using net::ProxiedAddresses;

/// Bytes come in any pieces: what is said of a beginning must not be taken back.
void check_beginnings(std::string_view bytes, const Result<net::HeaderProgress>& whole) {
    const std::size_t longest = std::min(bytes.size(), net::max_proxy_header);
    for (std::size_t size = 0; size < longest; ++size) {
        const auto part = net::parse_proxy_header(bytes.substr(0, size));
        if (!part) {
            require(whole.has_error() && whole.error() == part.error(), "malformed stays so");
        } else if (part->complete) {
            require(part->length <= size, "a whole header has arrived");
            require(whole && whole->complete && whole->length == part->length, "it stays whole");
        } else {
            require(part->length > size, "an incomplete header wants more");
            require(part->length <= net::max_proxy_header, "but never more than the limit");
            require(!whole || whole->length >= part->length, "it has at least what was said");
        }
    }
}

tcp::endpoint unmapped(const tcp::endpoint& endpoint) {
    return {net::unmapped(endpoint.address()), endpoint.port()};
}

void check_same(std::string_view written, const ProxiedAddresses& addresses, bool may_be_unknown) {
    const auto again = net::parse_proxy_header(written);
    require(again && again->complete && again->length == written.size(), "our header is one");
    if (!again->addresses) {
        require(may_be_unknown, "our header has addresses");
        return;
    }
    const auto& [source, destination] = *again->addresses;
    require(unmapped(source) == unmapped(addresses.source), "the source survives");
    require(unmapped(destination) == unmapped(addresses.destination), "the destination survives");
}

void check_written(const ProxiedAddresses& addresses) {
    const bool mixed = unmapped(addresses.source).address().is_v4() !=
                       unmapped(addresses.destination).address().is_v4();
    check_same(net::format_proxy_v1(addresses), addresses, mixed);
    const net::ProxiedTls tls{"TLSv1.3", "TLS_AES_128_GCM_SHA256", "a.example", "ann"};
    check_same(net::format_proxy_v2({addresses, tls, "1"}), addresses, false);
}

}  // namespace
}  // namespace hsmfront::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hsmfront;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto whole = net::parse_proxy_header(bytes);
    fuzz::check_beginnings(bytes, whole);
    if (whole && whole->complete) {
        fuzz::require(whole->length <= bytes.size(), "a header is what has arrived");
        if (whole->addresses) {
            fuzz::check_written(*whole->addresses);
        }
    }
    return 0;
}
