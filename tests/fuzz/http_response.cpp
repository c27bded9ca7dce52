// Fuzz target: what a backend may answer, and what the client gets of it. The first byte says what
// was asked.
#include "proxy/http/forwarding.hpp"
#include "tests/fuzz/http_wire.hpp"
#include "tests/fuzz/require.hpp"

#include <cstdint>
#include <vector>

namespace hsmfront::fuzz {
namespace {

using Kind = http::Framing::Kind;

constexpr std::size_t max_fields = 256;

struct Asked {
    http::Request request;
    config::Http settings;
    bool keep_alive = false;
};

Asked asked(unsigned choice) {
    Asked result;
    result.request.host = "front.example:8443";
    result.request.head = (choice & 1U) != 0;
    const bool old = (choice & 2U) != 0;
    result.request.version = old ? http::Version::http1_0 : http::Version::http1_1;
    result.request.keep_alive = (choice & 4U) != 0;
    result.request.accepts_trailers = (choice & 8U) != 0;
    result.settings.hsts = std::chrono::seconds((choice & 16U) != 0 ? 60 : 0);
    result.keep_alive = (choice & 32U) != 0;
    return result;
}

/// One response, as far as it came.
struct Taken {
    Came head = Came::whole;
    bool refused = false;  ///< a whole head that is not valid
    bool final = false;
    std::string wire;  ///< the head for the client
    Content content;

    friend bool operator==(const Taken&, const Taken&) = default;
};

http::ResponseHead written(std::string_view wire) {
    require_well_formed(wire);
    http::HeadScanner scanner(http::HeadScanner::Kind::response, wire.size());
    require(scanner.scan(wire) == http::HeadScanner::State::complete, "our head is a head");
    require(scanner.consumed() == wire.size(), "our head is one head");
    auto again = http::parse_response_head(wire, max_fields + 16);
    require(again.has_value(), "our head is valid");
    return *again;
}

void check_interim(const http::ResponseHead& head, std::string_view wire) {
    const auto again = written(wire);
    require(again.status == head.status, "a status stays");
    require(values_of(again.fields, "Content-Length").empty(), "1xx has no length");
    require(values_of(again.fields, "Transfer-Encoding").empty(), "1xx has no coding");
}

/// A client that reads what is written knows where the content ends, or sees that it cannot.
void check_final(
    const http::ResponseHead& head,
    const http::ResponsePlan& plan,
    const Asked& asked,
    std::string_view wire
) {
    const auto again = written(wire);
    require(again.status == head.status, "a status stays");
    const auto framing = http::response_framing(again, asked.request.head);
    require(framing.has_value(), "our framing is clear");
    const bool chunks = plan.encoding == http::BodyEncoder::Kind::chunked;
    require((framing->kind == Kind::chunked) == chunks, "chunks are announced");
    require(!chunks || asked.request.version == http::Version::http1_1, "HTTP/1.0 has no chunks");
    require(
        (framing->kind == Kind::length) == (plan.framing.kind == Kind::length), "a length stays"
    );
    require(framing->length == (chunks ? 0 : plan.framing.length), "a length stays the same");
    require(framing->kind != Kind::until_close || !plan.keep_alive, "what ends at close is closed");
    const bool close = http::lists_token(again.fields, "Connection", "close");
    require(close != plan.keep_alive, "the end is announced");
    require(http::find(again.fields, "Date") != nullptr, "there is a date");
    require(values_of(again.fields, "Via").ends_with(" hsmfront"), "Via names us last");
    if (asked.settings.hsts.count() > 0) {
        std::size_t count = 0;
        for (const auto& field : again.fields) {
            count += http::iequals(field.name, "Strict-Transport-Security") ? 1 : 0;
        }
        require(count == 1, "there is one Strict-Transport-Security");
    }
}

Taken take_response(Arriving& arriving, const Asked& asked) {
    Taken taken;
    const HeadBytes bytes = take_head(arriving, http::HeadScanner::Kind::response);
    taken.head = bytes.came;
    if (bytes.came != Came::whole) {
        return taken;
    }
    const auto head = http::parse_response_head(bytes.bytes, max_fields);
    taken.refused = !head;
    if (!head) {
        return taken;
    }
    if (head->status < 200) {
        http::append_interim_head(taken.wire, *head);
        check_interim(*head, taken.wire);
        return taken;
    }
    taken.final = true;
    const auto framing = http::response_framing(*head, asked.request.head);
    taken.refused = !framing;
    if (!framing) {
        return taken;
    }
    const auto plan = http::plan_response(*head, *framing, asked.request, asked.keep_alive);
    http::append_response_head(taken.wire, *head, asked.request, plan, asked.settings);
    check_final(*head, plan, asked, taken.wire);
    // The Date that we add is that of the second.
    taken.wire.clear();
    taken.content = take_content(arriving, *framing);
    if (taken.content.came == Came::whole) {
        require_survives_encoding(taken.content);
    }
    return taken;
}

/// All 1xx responses and the final one.
std::vector<Taken> take_all(const Pieces& pieces, const Asked& asked) {
    Arriving arriving(pieces);
    std::vector<Taken> responses;
    do {
        responses.push_back(take_response(arriving, asked));
    } while (!responses.back().final && !responses.back().refused &&
             responses.back().head == Came::whole);
    return responses;
}

}  // namespace
}  // namespace hsmfront::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hsmfront::fuzz;
    if (size == 0) {
        return 0;
    }
    const auto question = asked(data[0]);
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto whole = take_all({bytes}, question);
    require(take_all(bytewise(bytes), question) == whole, "bytes alone give the same response");
    require(take_all(scattered(bytes), question) == whole, "pieces give the same response");
    return 0;
}
