#include "tests/fuzz/http_wire.hpp"

#include "tests/fuzz/require.hpp"

namespace hsmfront::fuzz {
namespace {

constexpr std::size_t head_limit = std::size_t{64} * 1024;

}  // namespace

bool Arriving::more() {
    if (next_ == pieces_.size()) {
        return false;
    }
    buffer_ += pieces_[next_++];
    return true;
}

HeadBytes take_head(Arriving& arriving, http::HeadScanner::Kind kind) {
    using State = http::HeadScanner::State;
    http::HeadScanner scanner(kind, head_limit);
    while (true) {
        const State state = scanner.scan(arriving.bytes());
        if (state == State::complete) {
            HeadBytes head{Came::whole, std::string(scanner.head(arriving.bytes()))};
            arriving.consume(scanner.consumed());
            return head;
        }
        if (state != State::incomplete) {
            return {Came::refused, {}};
        }
        if (!arriving.more()) {
            return {Came::cut, {}};
        }
    }
}

Content take_content(Arriving& arriving, http::Framing framing) {
    using State = http::BodyDecoder::State;
    http::BodyDecoder decoder(framing);
    Content content;
    while (!decoder.done()) {
        if (arriving.bytes().empty() && !arriving.more()) {
            content.came = decoder.ends_at_close() ? Came::whole : Came::cut;
            return content;
        }
        const auto step = decoder.next(arriving.bytes());
        require(step.consumed <= arriving.bytes().size(), "a decoder takes what is there");
        require(step.consumed > 0 || arriving.bytes().empty(), "a decoder goes on");
        content.data += step.data;
        arriving.consume(step.consumed);
        if (step.state == State::malformed) {
            content.came = Came::refused;
            return content;
        }
    }
    content.came = Came::whole;
    content.trailers = decoder.trailers();
    return content;
}

void require_well_formed(std::string_view head) {
    require(head.ends_with("\r\n\r\n"), "a head ends in an empty line");
    require(head.find('\0') == std::string_view::npos, "a head has no NUL");
    std::size_t lines = 0;
    while (!head.empty()) {
        const std::size_t end = head.find_first_of("\r\n");
        require(head.substr(end, 2) == "\r\n", "a line ends in CRLF");
        require(end > 0 || head.size() == 2, "only the last line is empty");
        head.remove_prefix(end + 2);
        ++lines;
    }
    require(lines >= 2, "a head has a start line");
}

void require_survives_encoding(const Content& content) {
    std::string wire;
    const http::BodyEncoder encoder(http::BodyEncoder::Kind::chunked);
    for (const auto piece : scattered(content.data)) {
        encoder.append(wire, piece);
    }
    encoder.finish(wire, content.trailers);
    const Pieces pieces{wire};
    Arriving arriving(pieces);
    const Content again = take_content(arriving, {http::Framing::Kind::chunked, 0});
    require(again == content, "content survives our chunks");
    require(arriving.bytes().empty(), "our chunks end where the content ends");
}

std::string values_of(const http::Fields& fields, std::string_view name) {
    std::string values;
    bool first = true;
    for (const auto& field : fields) {
        if (http::iequals(field.name, name)) {
            values += first ? "" : " | ";
            values += field.value;
            first = false;
        }
    }
    return values;
}

http::ClientIdentity some_client(bool ipv6, bool trusted) {
    using boost::asio::ip::make_address;
    const auto address = make_address(ipv6 ? "2001:db8::7" : "192.0.2.7");
    return http::identify_client({address, 50'000}, {address, 443}, "front.example", trusted);
}

}  // namespace hsmfront::fuzz
