// Fuzz target: request targets and authorities. The first byte chooses the method.
#include "proxy/http/target.hpp"
#include "tests/fuzz/require.hpp"

#include <array>
#include <cstdint>
#include <string>

namespace hsmfront::fuzz {
namespace {

void check_authority(std::string_view text) {
    const auto authority = http::parse_authority(text);
    if (!authority) {
        return;
    }
    require(!authority->host.empty(), "an authority has a host");
    require(
        authority->host.find_first_of("/@?#\\%, \t\"'<>;=") == std::string_view::npos,
        "a host is a name or an address"
    );
    std::string again(authority->host);
    if (!authority->port.empty()) {
        again += ':';
        again += authority->port;
        const auto port = std::stoul(std::string(authority->port));
        require(port >= 1 && port <= 65'535, "a port is one");
    }
    require(again == text || again + ":" == text, "nothing else is in an authority");
    const bool literal = authority->host.starts_with('[');
    require(
        literal == (authority->host.find(':') != std::string_view::npos) ||
            (literal && authority->host.ends_with(']')),
        "only a literal has colons"
    );
}

void check_target(std::string_view method, std::string_view text) {
    const auto target = http::parse_target(method, text);
    if (!target) {
        return;
    }
    require(method != "CONNECT" && method != "TRACE", "what is not offered is refused");
    const bool asterisk = target->path == "*";
    require(!asterisk || method == "OPTIONS", "only OPTIONS has no path");
    require(asterisk || target->path.starts_with('/'), "a path begins with a slash");
    if (target->authority.empty()) {
        require(target->path == text, "the origin form is the path");
        return;
    }
    require(http::parse_authority(target->authority).has_value(), "an authority is valid");
    std::string again = "https://";
    again += target->authority;
    again += asterisk ? "" : target->path;
    const auto same = http::parse_target(method, again);
    require(same && same->path == target->path, "a path survives");
    require(same->authority == target->authority, "an authority survives");
    const auto behind = http::parse_target(method, target->path);
    require(behind && behind->path == target->path, "the backend gets the same path");
}

}  // namespace
}  // namespace hsmfront::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hsmfront::fuzz;
    constexpr std::array<std::string_view, 4> methods{"GET", "OPTIONS", "CONNECT", "TRACE"};
    if (size == 0) {
        return 0;
    }
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    check_authority(text);
    check_target(methods.at(data[0] % methods.size()), text);
    return 0;
}
