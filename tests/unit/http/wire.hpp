// Wire: the other end of a connection in tests: blocking, with time limits, byte-exact.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hsmfront::http::test {

class Wire {
  public:
    enum class End { fin, reset, timeout };

    explicit Wire(int fd) : fd_(fd) {}
    Wire(Wire&& other) noexcept : fd_(other.fd_), unread_(std::move(other.unread_)) {
        other.fd_ = -1;
    }
    Wire& operator=(Wire&&) = delete;
    ~Wire() { close(); }

    /// A connection to a port of 127.0.0.1.
    [[nodiscard]] static Wire connect(std::uint16_t port);

    [[nodiscard]] int fd() const { return fd_; }
    /// False if the other side does not take it all.
    bool send(std::string_view bytes);
    /// FIN.
    void finish();
    /// RST.
    void reset();
    void close();

    /// Up to and with `mark`; what came instead if the connection ends or time runs out.
    [[nodiscard]] std::string until(std::string_view mark);
    /// A head with its empty line.
    [[nodiscard]] std::string head() { return until("\r\n\r\n"); }
    [[nodiscard]] std::string exactly(std::size_t count);
    /// Everything until the connection ends.
    [[nodiscard]] std::string rest();
    /// What has come together with the bytes taken last.
    [[nodiscard]] const std::string& rest_of_segment() const { return unread_; }
    /// How it ended, after rest() or another call that came up short.
    [[nodiscard]] End end() const { return end_; }
    /// True if nothing arrives within a moment and the connection stands.
    [[nodiscard]] bool silent();

  private:
    bool receive();

    int fd_;
    std::string unread_;
    End end_ = End::timeout;
};

/// A listening port of 127.0.0.1.
class Port {
  public:
    Port();
    ~Port();
    Port(const Port&) = delete;
    Port& operator=(const Port&) = delete;

    [[nodiscard]] std::uint16_t number() const { return number_; }
    [[nodiscard]] Wire accept() const;
    /// True if a connection waits to be accepted.
    [[nodiscard]] bool pending() const;

  private:
    int fd_;
    std::uint16_t number_ = 0;
};

}  // namespace hsmfront::http::test
