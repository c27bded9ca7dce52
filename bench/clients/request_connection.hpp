// RequestConnection: a kept connection on which requests are made, over HTTP/1.1 or HTTP/2.
#pragma once

#include "bench/clients/event_loop.hpp"
#include "bench/clients/options.hpp"
#include "bench/clients/tls_connection.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace hsmfront::bench {

class RequestConnection;

/// What is asked for, the same each time.
struct Request {
    std::string path;
    std::string authority;
    std::uint64_t upload = 0;  ///< bytes of content; more than 0 makes it a PUT
};

/// Told what becomes of the requests.
class RequestObserver {
  public:
    RequestObserver() = default;
    virtual ~RequestObserver() = default;
    RequestObserver(const RequestObserver&) = delete;
    RequestObserver& operator=(const RequestObserver&) = delete;

    /// The handshake is done: requests may be started.
    virtual void opened(RequestConnection& connection) = 0;
    /// One that was started at `since` is answered with 2xx.
    virtual void answered(RequestConnection& connection, Clock::time_point since) = 0;
    /// Content went up or down.
    virtual void moved(std::uint64_t bytes) = 0;
    /// The connection is over or an answer was wrong. Called once; nothing else follows.
    virtual void failed(const std::string& reason) = 0;
};

class RequestConnection : public Actor {
  public:
    RequestConnection(SSL_CTX* ctx, const Endpoint& to, int number, RequestObserver& observer)
        : observer_(observer), tls_(ctx, to, number) {}

    /// Sends a request; its latency counts from `since`. HTTP/1.1 takes one at a time.
    virtual void start(Clock::time_point since) = 0;

    /// Hands the handshake on, then the protocol.
    void proceed() final;

    [[nodiscard]] int fd() const { return tls_.fd(); }

  protected:
    /// Goes on as far as possible without waiting; the handshake is done.
    virtual void advance() = 0;
    void fail(const std::string& reason);

    RequestObserver& observer_;
    TlsConnection tls_;

  private:
    bool open_ = false;
    bool over_ = false;
};

/// `version` "1.1" or "2". `request` must outlive the connection. Throws std::system_error.
[[nodiscard]] std::unique_ptr<RequestConnection> make_connection(
    const std::string& version,
    SSL_CTX* ctx,
    const Endpoint& to,
    int number,
    const Request& request,
    RequestObserver& observer
);

}  // namespace hsmfront::bench
