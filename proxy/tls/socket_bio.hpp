// SocketBio: between OpenSSL and the socket, without system calls that do nothing.
#pragma once

#include "proxy/net/socket_io.hpp"

#include <openssl/bio.h>

#include <string>

namespace hsmfront::tls {

/// A source and sink BIO (BIO_meth_new(3)). It does not read what is known to be empty, never
/// causes SIGPIPE, and while it gathers, it holds back what is written: the messages of a
/// handshake, each of which OpenSSL flushes by itself, go out together before the next wait for
/// input, and tickets with what is written first.
class SocketBio {
  public:
    /// `io` outlives it.
    explicit SocketBio(net::SocketIo& io) : io_(io) {}
    SocketBio(const SocketBio&) = delete;
    SocketBio& operator=(const SocketBio&) = delete;

    /// For SSL_set_bio(3), which takes it over; null: no memory. This object outlives it.
    [[nodiscard]] BIO* make();
    void gather(bool on) noexcept { gathers_ = on; }
    /// Makes room for so many bytes.
    void expect(std::size_t bytes) { held_.reserve(bytes); }
    /// Sends what was held back: `want_write` if the socket does not take all of it now.
    net::Attempt flush() noexcept;

  private:
    static int read(BIO* bio, char* data, int size) noexcept;
    static int write(BIO* bio, const char* data, int size) noexcept;
    static long control(BIO* bio, int command, long number, void* pointer) noexcept;
    static const BIO_METHOD* method();

    [[nodiscard]] int receive(BIO* bio, std::span<char> space) noexcept;
    [[nodiscard]] int send(BIO* bio, std::span<const char> bytes) noexcept;
    [[nodiscard]] bool hold(std::span<const char> bytes) noexcept;

    net::SocketIo& io_;
    std::string held_;
    bool gathers_ = false;
};

}  // namespace hsmfront::tls
