// Http2Output: what an HTTP/2 connection has to send, gathered and written by one coroutine.
#pragma once

#include "proxy/http/client_connection.hpp"
#include "proxy/net/task_group.hpp"

#include <nghttp2/nghttp2.h>
#include <string>
#include <string_view>

namespace hsmfront::http {

/// Holds a buffer only while there is something to send. Frames that are ready together leave in
/// one write; a DATA frame and its head fill one TLS record.
class Http2Output {
  public:
    /// Content of the largest DATA frame: with the frame's head it makes a TLS record.
    static constexpr std::size_t max_data = 16 * 1024 - 9;

    /// All references outlive it. A client that takes nothing for as long as `stall` is given up.
    Http2Output(ClientConnection& client, nghttp2_session* session, net::milliseconds stall)
        : client_(client), session_(session), stall_(stall), tasks_(client.worker().executor) {}

    /// Sends what nghttp2 has, now or, if a write is under way, after it. When neither side has
    /// anything more to say, or writing failed, the client's transport is interrupted.
    void wake();
    /// Takes a DATA frame, from nghttp2's send_data callback. False: no room, ask again later.
    [[nodiscard]] bool append(std::string_view head, std::string_view data);
    /// Waits until nothing is under way.
    [[nodiscard]] net::Task<void> idle() { return tasks_.join(); }
    /// After an interruption: writing goes on with the next wake().
    void resume() noexcept { error_ = error_code(); }
    [[nodiscard]] const error_code& error() const noexcept { return error_; }

  private:
    [[nodiscard]] net::Task<void> run();
    /// Fills the buffer. False: there is nothing to send.
    [[nodiscard]] bool gather();
    void put(std::string_view bytes);
    [[nodiscard]] net::Task<error_code> write(std::span<const char> bytes);

    ClientConnection& client_;
    nghttp2_session* session_;
    net::milliseconds stall_;
    net::Lease lease_;
    std::string overflow_;  ///< the part of a frame that the buffer had no room for
    error_code error_;
    bool running_ = false;
    net::TaskGroup tasks_;
};

}  // namespace hsmfront::http
