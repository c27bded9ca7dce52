// ClientHello and TLS records as bytes, right or wrong as a test wants them.
#include "tests/harness/client_hello.hpp"

#include <algorithm>
#include <array>

namespace hsmfront::test {
namespace {

using namespace std::string_literals;

std::string number(std::size_t size, std::size_t value) {
    std::string bytes;
    for (std::size_t i = size; i > 0; --i) {
        bytes += static_cast<char>(value >> 8U * (i - 1));
    }
    return bytes;
}

constexpr unsigned char client_hello = 1;

}  // namespace

std::string sized(std::size_t size, std::string_view bytes) {
    return number(size, bytes.size()).append(bytes);
}

std::string record_of_length(Content type, std::size_t length, std::string_view body) {
    return (static_cast<char>(type) + "\x03\x03"s + number(2, length)).append(body);
}

std::string record(Content type, std::string_view body, char minor) {
    return static_cast<char>(type) + "\x03"s + minor + sized(2, body);
}

std::string in_records(Content type, std::string_view bytes, std::size_t size) {
    std::string all;
    for (; !bytes.empty(); bytes.remove_prefix(std::min(size, bytes.size()))) {
        all += record(type, bytes.substr(0, size));
    }
    return all;
}

std::string handshake_message(unsigned char type, std::string_view body) {
    return static_cast<char>(type) + sized(3, body);
}

std::string alert(char description, char level) {
    return record(Content::alert, std::string{level, description});
}

Hello::Hello() {
    // ECDHE with ECDSA or RSA, AES-128-GCM.
    ciphers = "\xc0\x2b\xc0\x2f"s;
    extensions = {
        {TLSEXT_TYPE_supported_groups, sized(2, "\0\x17\0\x1d"s)},
        {TLSEXT_TYPE_signature_algorithms, sized(2, "\4\3\4\1\x08\4"s)},
        {TLSEXT_TYPE_extended_master_secret, ""}};
}

std::string Hello::body() const {
    std::string all;
    for (const Extension& one : extensions) {
        all += number(2, one.type) + sized(2, one.content);
    }
    return version + std::string(32, 'r') + sized(1, session_id) + sized(2, ciphers) +
           sized(1, compression) + sized(2, all);
}

std::string Hello::wire() const {
    return record(Content::handshake, handshake_message(client_hello, body()));
}

std::string real_hello(int version) { return CarriedClient(version).step(); }

int alert_in(std::string_view bytes) {
    constexpr std::size_t head = 5;
    while (bytes.size() >= head) {
        const auto length = static_cast<std::size_t>(static_cast<unsigned char>(bytes[3])) << 8U |
                            static_cast<unsigned char>(bytes[4]);
        if (bytes[0] == static_cast<char>(Content::alert) && length == 2 &&
            bytes.size() >= head + 2) {
            return static_cast<unsigned char>(bytes[head + 1]);
        }
        bytes.remove_prefix(std::min(bytes.size(), head + length));
    }
    return -1;
}

CarriedClient::CarriedClient(int version)
    : context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free),
      ssl_(SSL_new(context_.get()), SSL_free),
      in_(BIO_new(BIO_s_mem())),
      out_(BIO_new(BIO_s_mem())) {
    SSL_set_max_proto_version(ssl_.get(), version);
    SSL_set_min_proto_version(ssl_.get(), version);
    SSL_set_tlsext_host_name(ssl_.get(), "localhost");
    SSL_set_bio(ssl_.get(), in_, out_);
    SSL_set_msg_callback(ssl_.get(), on_message);
    SSL_set_msg_callback_arg(ssl_.get(), this);
    SSL_set_connect_state(ssl_.get());
}

void CarriedClient::on_message(
    int sent, int, int type, const void* bytes, std::size_t size, SSL*, void* self
) {
    if (sent == 0 && type == SSL3_RT_ALERT && size == 2) {
        static_cast<CarriedClient*>(self)->alert_ = static_cast<const unsigned char*>(bytes)[1];
    }
}

std::string CarriedClient::take_output() {
    std::string bytes(BIO_ctrl_pending(out_), '\0');
    const int taken = BIO_read(out_, bytes.data(), static_cast<int>(bytes.size()));
    bytes.resize(static_cast<std::size_t>(std::max(0, taken)));
    return bytes;
}

std::string CarriedClient::step() {
    SSL_do_handshake(ssl_.get());
    return take_output();
}

void CarriedClient::receive(std::string_view bytes) {
    BIO_write(in_, bytes.data(), static_cast<int>(bytes.size()));
}

std::string CarriedClient::sealed(std::string_view text) {
    SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size()));
    return take_output();
}

std::string CarriedClient::read() {
    std::array<char, 4096> piece{};
    std::string all;
    for (int count = 0; (count = SSL_read(ssl_.get(), piece.data(), piece.size())) > 0;) {
        all.append(piece.data(), static_cast<std::size_t>(count));
    }
    return all;
}

std::string CarriedClient::key_update() {
    SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_REQUESTED);
    return step();
}

std::string CarriedClient::renegotiation() {
    SSL_renegotiate(ssl_.get());
    return step();
}

}  // namespace hsmfront::test
