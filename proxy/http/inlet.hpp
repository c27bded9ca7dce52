// Inlet: what was received on a connection and not yet used.
#pragma once

#include "proxy/net/session.hpp"
#include "proxy/net/transport.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace hsmfront::http {

/// Holds a buffer only while there are bytes in it: whoever waits for more of an unfinished head
/// keeps just its bytes, an idle connection nothing.
class Inlet {
  public:
    /// Both outlive it.
    Inlet(net::Transport& transport, net::WorkerContext& worker)
        : transport_(transport), worker_(worker) {}

    [[nodiscard]] std::string_view bytes() const noexcept;
    [[nodiscard]] bool empty() const noexcept { return bytes().empty(); }
    void consume(std::size_t count) noexcept;
    /// Receives at least one more byte; views into bytes() end. Errc: too_long when the buffer
    /// (64 KiB) is full, and those of read_some.
    [[nodiscard]] net::Task<error_code> more();
    /// Bytes received in all.
    [[nodiscard]] std::uint64_t received() const noexcept { return received_; }

  private:
    /// After this many bytes without a wait the worker's other sessions get their turn.
    static constexpr std::size_t turn = std::size_t{512} * 1024;

    void make_room();
    void park();
    void note(std::size_t count) noexcept;

    net::Transport& transport_;
    net::WorkerContext& worker_;
    net::Lease lease_;
    std::size_t begin_ = 0;  ///< of the unused bytes in the lease
    std::string parked_;     ///< the unused bytes while no buffer is held
    std::uint64_t received_ = 0;
    std::size_t without_wait_ = 0;
};

}  // namespace hsmfront::http
