// What the HTTP fuzz targets share: heads and contents read from bytes that come in pieces, as the
// proxy reads them, and rules for what it writes.
#pragma once

#include "proxy/http/body.hpp"
#include "proxy/http/client_identity.hpp"
#include "proxy/http/head.hpp"
#include "tests/fuzz/pieces.hpp"

#include <string>
#include <string_view>

namespace hsmfront::fuzz {

/// Bytes in the order in which they come, and those that have come so far.
class Arriving {
  public:
    explicit Arriving(const Pieces& pieces) : pieces_(pieces) {}

    [[nodiscard]] std::string_view bytes() const { return std::string_view(buffer_).substr(used_); }
    void consume(std::size_t count) { used_ += count; }
    /// False if nothing is left to come.
    bool more();

  private:
    const Pieces& pieces_;
    std::size_t next_ = 0;
    std::string buffer_;
    std::size_t used_ = 0;
};

enum class Came { whole, cut, refused };

/// A head as HeadScanner finds it, taken off `arriving`.
struct HeadBytes {
    Came came;
    std::string bytes;
};
[[nodiscard]] HeadBytes take_head(Arriving& arriving, http::HeadScanner::Kind kind);

struct Content {
    Came came = Came::cut;
    std::string data;
    std::string trailers;

    friend bool operator==(const Content&, const Content&) = default;
};
/// Takes the content off `arriving`.
[[nodiscard]] Content take_content(Arriving& arriving, http::Framing framing);

/// Every line ends in CRLF, there is no other CR, LF or NUL, and only the last line is empty.
void require_well_formed(std::string_view head);
/// What BodyEncoder writes of `content` has the same content and trailers, and ends there.
void require_survives_encoding(const Content& content);

/// All values of the fields called `name`, joined by " | ".
[[nodiscard]] std::string values_of(const http::Fields& fields, std::string_view name);

/// A client at 192.0.2.7 or 2001:db8::7, which came to port 443.
[[nodiscard]] http::ClientIdentity some_client(bool ipv6, bool trusted);

}  // namespace hsmfront::fuzz
