// Fuzz target: what a client may send on an HTTP/1 connection, and what the backend gets of it.
#include "proxy/http/forwarding.hpp"
#include "tests/fuzz/http_wire.hpp"
#include "tests/fuzz/require.hpp"

#include <cstdint>
#include <vector>

namespace hsmfront::fuzz {
namespace {

constexpr std::size_t max_fields = 128;

/// One request, as far as it came.
struct Taken {
    Came head = Came::whole;
    http::Status refusal{};  ///< of a whole head
    std::string wire;        ///< the head for the backend
    Content content;

    friend bool operator==(const Taken&, const Taken&) = default;
};

/// What is written is one request and means what was read.
void check_written(
    const http::RequestHead& head, const http::Checked& checked, std::string_view wire
) {
    require_well_formed(wire);
    http::HeadScanner scanner(http::HeadScanner::Kind::request, wire.size());
    require(scanner.scan(wire) == http::HeadScanner::State::complete, "our head is a head");
    require(scanner.consumed() == wire.size(), "our head is one head");
    const auto again = http::parse_request_head(wire, max_fields + 16);
    require(again.has_value(), "our head is valid");
    require(again->version == http::Version::http1_1, "our version is ours");
    require(again->method == head.method, "a method stays");
    require(again->target == checked.path, "a target is the path");
    const auto meaning = http::check_request(*again, "");
    require(meaning.has_value(), "our head is a request");
    const auto& now = meaning->request;
    const auto& then = checked.request;
    require(now.host == then.host, "a host stays");
    require(now.framing.kind == then.framing.kind, "framing stays");
    require(now.framing.length == then.framing.length, "a length stays");
    require(now.websocket == then.websocket, "only WebSockets are upgrades");
    require(values_of(again->fields, "Upgrade").empty() != now.websocket, "Upgrade is ours");
    require(values_of(again->fields, "Host") == now.host, "there is one Host");
    require(values_of(again->fields, "X-Forwarded-For") == "192.0.2.7", "the client is the client");
    require(values_of(again->fields, "X-Forwarded-Proto") == "https", "the scheme is ours");
    require(values_of(again->fields, "X-Forwarded-Host") == now.host, "the host is the host");
    require(values_of(again->fields, "Client-Cert").empty(), "no certificate was shown");
    require(values_of(again->fields, "Keep-Alive").empty(), "a connection's fields end here");
    require(
        values_of(again->fields, "Via")
            .ends_with(head.version == http::Version::http1_0 ? "1.0 hsmfront" : "1.1 hsmfront"),
        "Via names us last"
    );
}

Taken take_request(Arriving& arriving) {
    Taken taken;
    const HeadBytes bytes = take_head(arriving, http::HeadScanner::Kind::request);
    taken.head = bytes.came;
    if (bytes.came != Came::whole) {
        return taken;
    }
    const auto head = http::parse_request_head(bytes.bytes, max_fields);
    if (!head) {
        taken.refusal = head.error();
        return taken;
    }
    const auto checked = http::check_request(*head, "default.example");
    if (!checked) {
        taken.refusal = checked.error();
        return taken;
    }
    http::append_request_head(taken.wire, *head, *checked, some_client(false, false), {});
    check_written(*head, *checked, taken.wire);
    taken.content = take_content(arriving, checked->request.framing);
    if (taken.content.came == Came::whole) {
        require_survives_encoding(taken.content);
    }
    return taken;
}

/// All requests of a connection, up to the first that is not whole.
std::vector<Taken> take_all(const Pieces& pieces) {
    Arriving arriving(pieces);
    std::vector<Taken> requests;
    do {
        requests.push_back(take_request(arriving));
    } while (requests.back().content.came == Came::whole);
    return requests;
}

}  // namespace
}  // namespace hsmfront::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hsmfront::fuzz;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto whole = take_all({bytes});
    require(take_all(bytewise(bytes)) == whole, "bytes alone give the same requests");
    require(take_all(scattered(bytes)) == whole, "pieces give the same requests");
    return 0;
}
