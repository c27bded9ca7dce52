#include "proxy/tls/handshake_watch.hpp"

#include <algorithm>
#include <cstddef>
#include <new>

namespace hsmfront::tls {
namespace {

constexpr std::size_t most_versions = 16;
constexpr std::size_t random_size = 32;
constexpr unsigned client_hello = 1;

/// Takes what is there from the front; once something is missing, everything after it is empty.
class Reader {
  public:
    explicit Reader(std::span<const unsigned char> bytes) : bytes_(bytes) {}

    [[nodiscard]] bool done() const { return bytes_.empty(); }

    std::span<const unsigned char> take(std::size_t size) {
        if (size > bytes_.size()) {
            bytes_ = {};
            return {};
        }
        const auto taken = bytes_.first(size);
        bytes_ = bytes_.subspan(size);
        return taken;
    }

    std::size_t number(std::size_t size) {
        std::size_t value = 0;
        for (const unsigned char byte : take(size)) {
            value = value << 8U | byte;
        }
        return value;
    }

    /// A vector with a length of `size` bytes before it.
    Reader vector(std::size_t size) { return Reader(take(number(size))); }

  private:
    std::span<const unsigned char> bytes_;
};

/// RFC 8701 §2.
bool is_reserved(std::uint16_t version) {
    return (version & 0x0f0fU) == 0x0a0aU && version >> 8U == (version & 0xffU);
}

/// The list in supported_versions; empty if there is none.
std::vector<std::uint16_t> supported_versions(Reader extensions) {
    std::vector<std::uint16_t> versions;
    while (!extensions.done()) {
        const std::size_t type = extensions.number(2);
        Reader content = extensions.vector(2);
        if (type != TLSEXT_TYPE_supported_versions) {
            continue;
        }
        Reader list = content.vector(1);
        while (!list.done() && versions.size() < most_versions) {
            const auto version = static_cast<std::uint16_t>(list.number(2));
            if (version != 0 && !is_reserved(version)) {
                versions.push_back(version);
            }
        }
        break;
    }
    return versions;
}

}  // namespace

std::vector<std::uint16_t> offered_versions(std::span<const unsigned char> message) {
    Reader reader(message);
    reader.take(4);
    const auto legacy = static_cast<std::uint16_t>(reader.number(2));
    reader.take(random_size);
    reader.vector(1);  // session id
    reader.vector(2);  // ciphers
    reader.vector(1);  // compression
    auto versions = supported_versions(reader.vector(2));
    if (versions.empty() && legacy != 0 && !is_reserved(legacy)) {
        versions.push_back(legacy);
    }
    return versions;
}

HandshakeWatch::HandshakeWatch(SSL* ssl) : ssl_(ssl) {
    SSL_set_msg_callback(ssl_, on_message);
    SSL_set_msg_callback_arg(ssl_, this);
}

HandshakeWatch::~HandshakeWatch() { SSL_set_msg_callback(ssl_, nullptr); }

void HandshakeWatch::on_message(
    int sent, int, int type, const void* bytes, std::size_t size, SSL*, void* self
) {
    const std::span content(static_cast<const unsigned char*>(bytes), size);
    auto& watch = *static_cast<HandshakeWatch*>(self);
    if (sent == 0) {
        try {
            watch.note_received(type, content);
        } catch (const std::bad_alloc&) {
            return;  // no exception may pass through OpenSSL; the versions stay unknown
        }
    } else if (type == SSL3_RT_ALERT && size == 2) {
        watch.signs_.alert_sent = content[1];
    }
}

void HandshakeWatch::note_received(int type, std::span<const unsigned char> bytes) {
    // SSLv2's ClientHello comes with type 0: it is no record.
    const bool v2_hello = type == 0 && bytes.size() >= 3 && bytes[0] == client_hello;
    if (type == SSL3_RT_HEADER) {
        if (!signs_.first && bytes.size() == SSL3_RT_HEADER_LENGTH) {
            std::copy(bytes.begin(), bytes.end(), signs_.first.emplace().begin());
        }
    } else if (type == SSL3_RT_ALERT && bytes.size() == 2) {
        signs_.alert_received = bytes[1];
    } else if (v2_hello) {
        signs_.hello = true;
        signs_.versions = {static_cast<std::uint16_t>(bytes[1] << 8U | bytes[2])};
    } else if (type == SSL3_RT_HANDSHAKE && !bytes.empty() && bytes[0] == client_hello) {
        signs_.hello = true;
        signs_.versions = offered_versions(bytes);
    }
}

}  // namespace hsmfront::tls
