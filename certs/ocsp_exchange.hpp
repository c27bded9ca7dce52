// One question to an OCSP responder over HTTP (RFC 6960 appendix A.1), without a socket.
#pragma once

#include "certs/ocsp_response.hpp"

#include <openssl/http.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hsmfront::certs {

/// An http URL, taken apart.
struct ResponderUrl {
    std::string host;  ///< a name or an address, IPv6 without brackets
    std::uint16_t port = 80;
    std::string path;  ///< with the query
    std::string text;  ///< the URL as it was given
};

/// Errc: file_malformed (not a URL; https, whose certificate would have to be verified by what is
/// being asked for; user names).
[[nodiscard]] Loaded<ResponderUrl> parse_responder(const std::string& url);

/// POST and answer. Whoever has the connection sends outgoing() and feeds what comes back.
class OcspExchange {
  public:
    enum class State { more, done, failed };

    OcspExchange(const ResponderUrl& responder, OCSP_REQUEST* request);

    /// The whole request as bytes; empty when OpenSSL refused to make it.
    [[nodiscard]] const std::string& outgoing() const noexcept { return outgoing_; }
    /// Takes bytes of the answer; no more of them than largest_ocsp_response altogether.
    [[nodiscard]] State receive(std::span<const char> bytes);
    /// The responder closed the connection.
    [[nodiscard]] State end();
    /// The body, after State::done: DER, not verified.
    [[nodiscard]] std::vector<unsigned char> response() const;
    /// Why it failed, in words.
    [[nodiscard]] const std::string& why() const noexcept { return why_; }

  private:
    State feed(std::string_view bytes);
    State step();

    using ExchangePtr = std::unique_ptr<OSSL_HTTP_REQ_CTX, Deleter<OSSL_HTTP_REQ_CTX_free>>;
    BioPtr out_;
    BioPtr in_;
    ExchangePtr exchange_;
    std::string outgoing_;
    std::string why_;
    /// OpenSSL forgets between two calls which fields it saw: it gets the head as a whole.
    std::string head_;
    bool head_done_ = false;
    std::size_t received_ = 0;
    bool done_ = false;
};

}  // namespace hsmfront::certs
