// Fuzz target: what of a client's first bytes is read by us and not by OpenSSL, and what of them
// comes into the log.
#include "proxy/tls/clear_text.hpp"
#include "proxy/tls/client_hello.hpp"
#include "proxy/tls/handshake_watch.hpp"
#include "tests/fuzz/require.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hsmfront::fuzz {
namespace {

using Bytes = std::span<const unsigned char>;

bool is_printable(char c) { return c >= ' ' && c <= '~'; }

void check_versions(Bytes bytes) {
    const auto versions = tls::offered_versions(bytes);
    require(versions.size() <= 16, "the versions are bounded");
    require(
        std::ranges::all_of(
            versions,
            [](std::uint16_t one) {
                return one != 0 && ((one & 0x0f0fU) != 0x0a0aU || one >> 8U != (one & 0xffU));
            }
        ),
        "no version is reserved"
    );
    require(tls::offered_versions(bytes) == versions, "the same bytes give the same versions");
}

/// The server_name extension's data with `name` in it (RFC 6066 §3).
std::vector<unsigned char> written(std::string_view name) {
    const auto number = [](std::size_t value) {
        return std::array{
            static_cast<unsigned char>(value >> 8U), static_cast<unsigned char>(value)};
    };
    std::vector<unsigned char> bytes;
    const auto put = [&bytes](const auto& more) {
        bytes.insert(bytes.end(), more.begin(), more.end());
    };
    put(number(name.size() + 3));
    bytes.push_back(0);
    put(number(name.size()));
    put(name);
    return bytes;
}

void check_name(Bytes bytes) {
    const std::string_view name = tls::host_name_in(bytes);
    if (name.empty()) {
        return;
    }
    require(name.size() <= 255, "a name is bounded");
    require(name.find('\0') == std::string_view::npos, "a name has no zero bytes");
    require(std::ranges::equal(written(name), bytes), "a name is all there is");
    require(
        !tls::is_address_literal(name) ||
            name.find_first_of("ghijklmnop") == std::string_view::npos ||
            name.find(':') != std::string_view::npos,
        "a name with letters is no address"
    );
}

void check_clear_text(std::span<const unsigned char, 5> first) {
    if (tls::is_tls(first)) {
        return;
    }
    const tls::HandshakeFailure failure = tls::explain_clear_text(first);
    require(!failure.words.empty(), "clear text is explained");
    require(failure.words.size() < 200, "the words are bounded");
    require(std::ranges::all_of(failure.words, is_printable), "the words are printable");
}

void check_quotes(std::string_view text) {
    const std::string quoted = tls::in_quotes(text);
    require(std::ranges::all_of(quoted, is_printable), "a quotation is printable");
    require(std::ranges::count(quoted, '"') == 2, "a quotation ends where it ends");
    require(quoted.size() <= 64 * 4 + 5, "a quotation is bounded");
}

}  // namespace
}  // namespace hsmfront::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hsmfront::fuzz;
    const Bytes bytes(data, size);
    check_versions(bytes);
    check_name(bytes);
    check_quotes({reinterpret_cast<const char*>(data), size});
    if (size >= 5) {
        check_clear_text(bytes.first<5>());
    }
    return 0;
}
