// Http1Stream: one request of an HTTP/1 connection, as an exchange sees it.
#pragma once

#include "proxy/http/client_connection.hpp"
#include "proxy/http/client_stream.hpp"
#include "proxy/http/forwarding.hpp"
#include "proxy/http/framed_content.hpp"

#include <optional>

namespace hsmfront::http {

class Http1Stream final : public ClientStream {
  public:
    /// All references outlive it. The connection's inlet stands behind the request's head.
    Http1Stream(ClientConnection& client, const config::Http& settings, const Request& request)
        : client_(client),
          settings_(settings),
          request_(request),
          content_(client.inlet(), request.framing) {}

    [[nodiscard]] net::WorkerContext& worker() noexcept override { return client_.worker(); }
    [[nodiscard]] net::Watchdog& watch() noexcept override { return client_.watch(); }
    void attach(net::Interruptible* backend) noexcept override { client_.attach(backend); }
    [[nodiscard]] bool stopped() const noexcept override { return client_.stopped(); }
    [[nodiscard]] ContentSource& content() noexcept override { return content_; }
    void refuse_content() noexcept override;
    void resume() noexcept override { client_.resume(); }

    [[nodiscard]] net::Task<error_code> interim(const ResponseHead& head) override;
    [[nodiscard]] ContentSink& respond(
        const ResponseHead& head, Framing framing, bool whole_request
    ) override;
    [[nodiscard]] net::Task<error_code> answer(Status status, bool whole_request) override;
    [[nodiscard]] net::Task<bool> tunnel(
        const ResponseHead& head, std::size_t head_size, BackendConnection& backend
    ) override;

    /// Whether another request can follow an answer that was sent whole.
    [[nodiscard]] bool keep_alive() const noexcept { return keep_alive_; }
    /// Bytes of the final response.
    [[nodiscard]] std::uint64_t sent() const noexcept { return sink_ ? sink_->sent() : 0; }

  private:
    ClientConnection& client_;
    const config::Http& settings_;
    const Request& request_;
    FramedSource content_;
    std::optional<FramedSink> sink_;
    bool keep_alive_ = false;
};

}  // namespace hsmfront::http
