#include "proxy/runtime/handover.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <poll.h>
#include <span>
#include <sys/socket.h>
#include <sys/time.h>

namespace hsmfront::runtime {
namespace {

namespace errc = boost::system::errc;

constexpr std::size_t most_bytes = 4096;
constexpr timeval talk_patience{10, 0};
/// First of all: a process of another kind is told apart.
constexpr std::string_view greeting = "hsmfront-handover/1";

/// What a message is about: its first byte.
namespace kind {
constexpr char greeting = 'v';
constexpr char socket = 'l';
constexpr char protocol = 'p';
constexpr char typed_pin = 't';
constexpr char variable = 'e';    // name, NUL, PIN
constexpr char ticket_key = 'k';  // seconds since 1970 as 8 bytes, the key
constexpr char end = '.';
}  // namespace kind

error_code last_error() { return {errno, boost::system::system_category()}; }

/// Bytes that may be a PIN.
struct Buffer {
    std::array<char, most_bytes> bytes{};
    std::size_t size = 0;

    Buffer() = default;
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    ~Buffer() { OPENSSL_cleanse(bytes.data(), bytes.size()); }

    void append(std::string_view text) {
        const std::size_t count = std::min(text.size(), bytes.size() - size);
        std::copy_n(text.data(), count, bytes.data() + size);
        size += count;
    }
    void append(std::span<const unsigned char> text) {
        append({reinterpret_cast<const char*>(text.data()), text.size()});
    }
    [[nodiscard]] char kind() const { return bytes[0]; }
    [[nodiscard]] std::string_view payload() const { return {bytes.data() + 1, size - 1}; }
};

/// Room for one descriptor (cmsg(3)).
union Control {
    cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
};

error_code send(int socket, const Buffer& buffer, int descriptor = -1) {
    iovec part{const_cast<char*>(buffer.bytes.data()), buffer.size};
    Control control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (descriptor >= 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof control.bytes;
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(sizeof(int));
        std::memcpy(CMSG_DATA(&control.header), &descriptor, sizeof descriptor);
    }
    while (::sendmsg(socket, &message, MSG_NOSIGNAL) < 0) {
        if (errno != EINTR) {
            return last_error();
        }
    }
    return {};
}

error_code send(int socket, char kind, std::string_view payload, int descriptor = -1) {
    Buffer buffer;
    buffer.append({&kind, 1});
    buffer.append(payload);
    return send(socket, buffer, descriptor);
}

Result<net::Descriptor> receive(int socket, Buffer& buffer, int flags) {
    iovec part{buffer.bytes.data(), buffer.bytes.size()};
    Control control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    ssize_t size = 0;
    do {
        size = ::recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
    } while (size < 0 && errno == EINTR);
    if (size < 0) {
        return last_error();
    }
    if (size == 0) {
        return make_error_code(errc::connection_reset);
    }
    buffer.size = static_cast<std::size_t>(size);
    const cmsghdr* const header = CMSG_FIRSTHDR(&message);
    if (header == nullptr || header->cmsg_type != SCM_RIGHTS) {
        return net::Descriptor();
    }
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
    return net::Descriptor(fd);
}

error_code send_key(int socket, const tls::TicketKeys::Retired& retired) {
    const std::int64_t until = tls::TicketKeys::Clock::to_time_t(retired.until);
    std::array<char, sizeof until> seconds{};
    std::memcpy(seconds.data(), &until, sizeof until);
    Buffer buffer;
    buffer.append({&kind::ticket_key, 1});
    buffer.append({seconds.data(), seconds.size()});
    buffer.append(retired.key->all());
    return send(socket, buffer);
}

std::optional<tls::TicketKeys::Retired> key_of(std::string_view payload) {
    std::int64_t until = 0;
    if (payload.size() != sizeof until + tls::TicketKey::size) {
        return std::nullopt;
    }
    std::memcpy(&until, payload.data(), sizeof until);
    const auto* const key = reinterpret_cast<const unsigned char*>(payload.data() + sizeof until);
    return tls::TicketKeys::Retired{
        std::make_shared<const tls::TicketKey>(tls::TicketKey::Bytes(key, tls::TicketKey::size)),
        tls::TicketKeys::Clock::from_time_t(until)};
}

/// False: no message of ours.
bool add(Handover& handover, const Buffer& buffer, net::Descriptor socket) {
    const std::string_view payload = buffer.payload();
    switch (buffer.kind()) {
        case kind::socket:
            handover.sockets.push_back(std::move(socket));
            return static_cast<bool>(handover.sockets.back());
        case kind::protocol:
            handover.protocols.emplace_back(payload);
            return true;
        case kind::typed_pin:
            handover.typed_pin = certs::Secret(payload);
            return true;
        case kind::variable: {
            const auto name = payload.find('\0');
            if (name == std::string_view::npos) {
                return false;
            }
            handover.pin_variables.emplace(
                payload.substr(0, name), certs::Secret(payload.substr(name + 1))
            );
            return true;
        }
        case kind::ticket_key:
            if (auto key = key_of(payload)) {
                handover.ticket_keys.push_back(std::move(*key));
                return true;
            }
            return false;
        default:
            return false;
    }
}

}  // namespace

Result<std::pair<net::Descriptor, net::Descriptor>> HandoverChannel::make_pair() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        return last_error();
    }
    for (const int end : ends) {
        ::setsockopt(end, SOL_SOCKET, SO_SNDTIMEO, &talk_patience, sizeof talk_patience);
        ::setsockopt(end, SOL_SOCKET, SO_RCVTIMEO, &talk_patience, sizeof talk_patience);
    }
    return std::pair(net::Descriptor(ends[0]), net::Descriptor(ends[1]));
}

error_code HandoverChannel::give(const Handover& handover) {
    error_code ec = send(fd(), kind::greeting, greeting);
    for (const auto& socket : handover.sockets) {
        ec = ec ? ec : send(fd(), kind::socket, {}, socket.get());
    }
    for (const auto& protocol : handover.protocols) {
        ec = ec ? ec : send(fd(), kind::protocol, protocol);
    }
    if (!ec && !handover.typed_pin.empty()) {
        Buffer buffer;
        buffer.append({&kind::typed_pin, 1});
        buffer.append(handover.typed_pin.bytes());
        ec = send(fd(), buffer);
    }
    for (const auto& [name, pin] : handover.pin_variables) {
        Buffer buffer;
        buffer.append({&kind::variable, 1});
        buffer.append(name);
        buffer.append(std::string_view("\0", 1));
        buffer.append(pin.bytes());
        ec = ec ? ec : send(fd(), buffer);
    }
    for (const auto& key : handover.ticket_keys) {
        ec = ec ? ec : send_key(fd(), key);
    }
    return ec ? ec : send(fd(), kind::end, {});
}

Result<Handover> HandoverChannel::take() {
    Handover handover;
    for (bool greeted = false;;) {
        Buffer buffer;
        auto socket = receive(fd(), buffer, 0);
        if (!socket) {
            return socket.error();
        }
        if (!greeted) {
            greeted = buffer.kind() == kind::greeting && buffer.payload() == greeting;
            if (!greeted) {
                return make_error_code(errc::protocol_error);
            }
        } else if (buffer.kind() == kind::end) {
            return handover;
        } else if (!add(handover, buffer, std::move(*socket))) {
            return make_error_code(errc::protocol_error);
        }
    }
}

error_code HandoverChannel::say(Word word, std::string_view text) {
    return send(fd(), static_cast<char>(word), text.substr(0, most_bytes - 1));
}

Result<HandoverChannel::Message> HandoverChannel::hear() {
    Buffer buffer;
    auto socket = receive(fd(), buffer, MSG_DONTWAIT);
    if (!socket) {
        return socket.error();
    }
    const auto word = static_cast<Word>(buffer.kind());
    if (word != Word::ready && word != Word::failed && word != Word::go) {
        return make_error_code(errc::protocol_error);
    }
    return Message{word, std::string(buffer.payload())};
}

Result<HandoverChannel::Message> HandoverChannel::wait(
    std::chrono::milliseconds limit, const std::stop_token& stop
) {
    const std::stop_callback end(stop, [this] { (void)::shutdown(fd(), SHUT_RDWR); });
    pollfd ready{fd(), POLLIN, 0};
    const int count = ::poll(&ready, 1, static_cast<int>(limit.count()));
    if (stop.stop_requested()) {
        return make_error_code(errc::operation_canceled);
    }
    return count == 0 ? make_error_code(errc::timed_out) : hear();
}

}  // namespace hsmfront::runtime
