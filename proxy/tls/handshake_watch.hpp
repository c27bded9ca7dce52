// HandshakeWatch: what goes over the wire in a handshake, as far as it tells why one fails.
#pragma once

#include <openssl/ssl.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace hsmfront::tls {

struct WireSigns {
    /// The first bytes of the client's, as many as a record's header has, once they are all here.
    std::optional<std::array<unsigned char, 5>> first;
    bool hello = false;                   ///< a whole ClientHello came
    std::vector<std::uint16_t> versions;  ///< that it offers, as many as offered_versions() gives
    int alert_received = -1;              ///< AlertDescription of the last one; -1: none
    int alert_sent = -1;                  ///< likewise
};

/// Watches the handshake of `ssl` while alive. Neither may move meanwhile.
class HandshakeWatch {
  public:
    explicit HandshakeWatch(SSL* ssl);
    ~HandshakeWatch();
    HandshakeWatch(const HandshakeWatch&) = delete;
    HandshakeWatch& operator=(const HandshakeWatch&) = delete;

    [[nodiscard]] const WireSigns& signs() const noexcept { return signs_; }

  private:
    static void on_message(
        int sent, int version, int type, const void* bytes, std::size_t size, SSL* ssl, void* self
    );
    void note_received(int type, std::span<const unsigned char> bytes);

    SSL* ssl_;
    WireSigns signs_;
};

/// The versions of a ClientHello: those of supported_versions (RFC 8446 §4.2.1), else the one in
/// its head. At most 16, without reserved ones (RFC 8701); what is malformed has none. `message`
/// has the four bytes of the handshake header.
[[nodiscard]] std::vector<std::uint16_t> offered_versions(std::span<const unsigned char> message);

}  // namespace hsmfront::tls
