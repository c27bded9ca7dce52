// ClientHello and TLS records as bytes, right or wrong as a test wants them.
#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hsmfront::test {

/// ContentType, RFC 8446 §5.1.
enum class Content : unsigned char {
    ccs = 20,
    alert = 21,
    handshake = 22,
    data = 23,
    heartbeat = 24
};

/// One record (RFC 8446 §5.1) with the legacy version 3.`minor`.
[[nodiscard]] std::string record(Content type, std::string_view body, char minor = 3);
/// The same with a length of its own.
[[nodiscard]] std::string record_of_length(Content type, std::size_t length, std::string_view body);
/// `bytes` as records of at most `size` bytes each.
[[nodiscard]] std::string in_records(Content type, std::string_view bytes, std::size_t size);
/// A handshake message without its record (RFC 8446 §4).
[[nodiscard]] std::string handshake_message(unsigned char type, std::string_view body);
/// `bytes` behind their length, a number of `size` bytes.
[[nodiscard]] std::string sized(std::size_t size, std::string_view bytes);
/// Of level fatal (2) unless another is given.
[[nodiscard]] std::string alert(char description, char level = 2);

struct Extension {
    std::uint16_t type = 0;
    std::string content;
};

/// A ClientHello put together; as it is, a good one of TLS 1.2 that no client certificate or name
/// comes with.
struct Hello {
    std::string version = "\x03\x03";
    std::string session_id;
    std::string ciphers;  ///< without the length
    std::string compression = std::string(1, '\0');
    std::vector<Extension> extensions;

    Hello();
    [[nodiscard]] std::string body() const;
    /// As one record.
    [[nodiscard]] std::string wire() const;
};

/// The first record of an OpenSSL client of `version`, with SNI "localhost".
[[nodiscard]] std::string real_hello(int version = TLS1_3_VERSION);

/// The description of the first alert in clear among the records `bytes`; -1 if there is none.
[[nodiscard]] int alert_in(std::string_view bytes);

/// A TLS client whose bytes the test carries.
class CarriedClient {
  public:
    explicit CarriedClient(int version = TLS1_3_VERSION);

    CarriedClient(const CarriedClient&) = delete;
    CarriedClient& operator=(const CarriedClient&) = delete;

    /// Goes on with the handshake as far as it can with what was received; what it wants sent.
    [[nodiscard]] std::string step();
    void receive(std::string_view bytes);
    [[nodiscard]] bool done() const { return SSL_is_init_finished(ssl_.get()) == 1; }
    /// After the handshake: `text` as what it wants sent, and what it has read so far.
    [[nodiscard]] std::string sealed(std::string_view text);
    [[nodiscard]] std::string read();
    /// After a TLS 1.3 handshake: new keys, and the wish that the server has new ones too.
    [[nodiscard]] std::string key_update();
    /// After a TLS 1.2 handshake: a ClientHello under the session's keys.
    [[nodiscard]] std::string renegotiation();
    /// The description of the last alert it got; -1 if there was none.
    [[nodiscard]] int alert() const { return alert_; }

  private:
    static void on_message(
        int sent, int version, int type, const void* bytes, std::size_t size, SSL* ssl, void* self
    );
    [[nodiscard]] std::string take_output();

    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
    std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
    BIO* in_;
    BIO* out_;
    int alert_ = -1;
};

}  // namespace hsmfront::test
