// Staples: the OCSP responses that handshakes carry (RFC 6066 §8, RFC 8446 §4.4.2.1).
#pragma once

#include "certs/ocsp_response.hpp"

#include <openssl/ssl.h>

#include <ctime>
#include <memory>
#include <mutex>
#include <string>

namespace hsmfront::tls {

/// How a certificate's stapling is, for status and metrics.
struct StapleStatus {
    std::time_t next_update = 0;  ///< of the response that is served; 0: none is
    std::string problem;          ///< why there is none, or why it cannot be renewed; empty: none
};

/// The response for one certificate: put in by whoever obtains it, read by the workers. Any thread.
class StapleSlot {
  public:
    using Response = std::shared_ptr<const certs::OcspResponse>;

    /// `required`: the certificate demands a staple (RFC 7633).
    StapleSlot(std::string alias, bool required) : alias_(std::move(alias)), required_(required) {}

    [[nodiscard]] const std::string& alias() const noexcept { return alias_; }
    [[nodiscard]] bool required() const noexcept { return required_; }

    /// Null: there is none.
    void put(Response response);
    void note(std::string problem);
    /// What may be served at `now`: null once it ended.
    [[nodiscard]] Response valid(std::time_t now) const;
    [[nodiscard]] StapleStatus status(std::time_t now) const;

  private:
    const std::string alias_;
    const bool required_;
    mutable std::mutex mutex_;
    Response response_;
    std::string problem_;
};

/// `certificate`, wherever it is served, is stapled from `slot` and keeps it. Before any thread
/// serves it.
void attach_staple(X509* certificate, std::shared_ptr<StapleSlot> slot);

/// Staples to clients that ask, in full handshakes. Where the certificate demands a staple and
/// there is none, the handshake is refused: clients that know the extension would have to (RFC
/// 7633), and so the cause is in our log instead of in theirs only.
void serve_staples(SSL_CTX* ctx);

}  // namespace hsmfront::tls
