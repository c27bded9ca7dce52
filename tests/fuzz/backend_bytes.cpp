// Fuzz target: what a backend may send on the control connection. ReplyParser, FEAT, 227, 229.
#include "proxy/ftp/endpoint.hpp"
#include "proxy/ftp/features.hpp"
#include "proxy/ftp/reply.hpp"
#include "tests/fuzz/pieces.hpp"
#include "tests/fuzz/require.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hsmfront::fuzz {
namespace {

struct Replies {
    std::vector<ftp::Reply> replies;
    error_code error;
};

Replies parse(const Pieces& pieces) {
    ftp::ReplyParser parser;
    Replies result;
    for (const auto piece : pieces) {
        parser.append(piece);
        auto reply = parser.next();
        while (reply && *reply) {
            result.replies.push_back(std::move(**reply));
            reply = parser.next();
        }
        if (!reply) {
            result.error = reply.error();
            require(parser.next().error() == result.error, "a broken parser stays broken");
            break;
        }
    }
    return result;
}

bool same(const ftp::Reply& one, const ftp::Reply& other) {
    return one.code == other.code && one.lines == other.lines;
}

void require_same(const Replies& one, const Replies& other) {
    require(one.error == other.error, "pieces end with the same error");
    require(std::ranges::equal(one.replies, other.replies, same), "pieces give the same replies");
}

/// As lenient clients have it, curl for one: three digits and a space, whatever the digits.
bool looks_like_an_end(std::string_view line) {
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    return line.size() >= 3 && std::all_of(line.begin(), line.begin() + 3, digit) &&
           (line.size() == 3 || line[3] == ' ');
}

void check_wire(const ftp::Reply& reply) {
    require(reply.code >= 100 && reply.code < 600, "a reply has a code");
    require(!reply.lines.empty(), "a reply has a line");
    const std::string wire = reply.serialise();
    require(wire.ends_with("\r\n"), "a reply ends with CRLF");
    const Replies again = parse({wire});
    require(!again.error && again.replies.size() == 1, "a reply is one reply on the wire");
    require(same(again.replies[0], reply), "a reply survives the wire");
    require(looks_like_an_end(reply.lines.back()), "the last line ends the reply");
    require(
        std::none_of(reply.lines.begin(), reply.lines.end() - 1, looks_like_an_end),
        "no other line could be taken for the end"
    );
}

std::string name_of(std::string_view feature) {
    std::string name{feature.substr(1, feature.find_first_of(" \t;", 1) - 1)};
    std::ranges::transform(name, name.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    return name;
}

void check_features(const ftp::Reply& backend, bool ccc, bool host) {
    constexpr std::array once{"AUTH", "PBSZ", "PROT", "EPRT", "EPSV", "PASV"};
    constexpr std::array never{"ADAT", "CONF", "CPSV", "ENC", "LPRT", "LPSV", "MIC", "SSCN"};
    const std::vector<std::string> denied{"MDTM", "SIZE"};
    const ftp::Reply merged = ftp::merge_features(&backend, {ccc, host, denied});
    check_wire(merged);
    std::vector<std::string> names;
    for (std::size_t i = 1; i + 1 < merged.lines.size(); ++i) {
        const std::string& line = merged.lines[i];
        require(line.size() > 1 && line[0] == ' ', "a feature has a leading space");
        require(line[1] != ' ' && line[1] != '\t', "a feature has one leading space");
        names.push_back(name_of(line));
    }
    for (const auto* name : once) {
        require(std::ranges::count(names, name) == 1, "our features are listed once");
    }
    for (const auto* name : never) {
        require(std::ranges::count(names, name) == 0, "what would bypass us is not listed");
    }
    for (const auto& name : denied) {
        require(std::ranges::count(names, name) == 0, "what is denied is not listed");
    }
    require(std::ranges::count(names, "CCC") == (ccc ? 1 : 0), "CCC is listed where allowed");
    require(std::ranges::count(names, "HOST") == (host ? 1 : 0), "HOST is listed where it serves");
}

void check_ports(const ftp::Reply& reply) {
    if (const auto port = ftp::parse_pasv_reply(reply.text())) {
        require(*port != 0, "227 gives a port");
        const auto text = ftp::format_pasv(net::asio::ip::address_v4::loopback(), *port);
        const auto again = ftp::parse_pasv_reply(text);
        require(again && *again == *port, "227 survives our notation");
    }
    if (const auto port = ftp::parse_epsv_reply(reply.text())) {
        require(*port != 0, "229 gives a port");
        const auto again = ftp::parse_epsv_reply(ftp::format_epsv(*port));
        require(again && *again == *port, "229 survives our notation");
    }
}

}  // namespace
}  // namespace hsmfront::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hsmfront::fuzz;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const Replies whole = parse({bytes});
    require_same(whole, parse(bytewise(bytes)));
    require_same(whole, parse(scattered(bytes)));
    for (const auto& reply : whole.replies) {
        check_wire(reply);
        check_features(reply, false, true);
        check_features(reply, true, false);
        check_ports(reply);
    }
    return 0;
}
