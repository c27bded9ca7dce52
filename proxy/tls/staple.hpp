// Staples: the OCSP responses that handshakes carry (RFC 6066 §8, RFC 8446 §4.4.2.1).
#pragma once

#include "certs/ocsp_response.hpp"

#include <openssl/ssl.h>

#include <ctime>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

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

/// The slots of one SSL_CTX, which must not outlive them.
class Staples {
  public:
    /// `certificate` is one that the SSL_CTX uses, the object itself.
    void add(const X509* certificate, std::shared_ptr<StapleSlot> slot);
    /// Staples from now on to clients that ask. Where the certificate demands a staple and there is
    /// none, the handshake is refused: RFC 7633 §4.2 obliges clients that know the extension to
    /// refuse it, and the cause is then in our log instead of theirs only.
    void install(SSL_CTX* ctx);

  private:
    static int answer(SSL* ssl, void* staples);
    [[nodiscard]] StapleSlot* find(const X509* certificate) const;

    std::vector<std::pair<const X509*, std::shared_ptr<StapleSlot>>> slots_;
};

}  // namespace hsmfront::tls
