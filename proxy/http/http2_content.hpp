// Http2Content: the content of an HTTP/2 request: its DATA frames.
#pragma once

#include "proxy/http/content.hpp"
#include "proxy/http/http2_output.hpp"
#include "proxy/net/event.hpp"

#include <string>

namespace hsmfront::http {

/// Holds what the client sent until the backend has taken it; only then the client may send as
/// much again. So a stream holds no more than its flow-control window, a connection its own.
class Http2Content final : public ContentSource {
  public:
    /// All outlive it.
    Http2Content(nghttp2_session* session, Http2Output& output, std::int32_t stream)
        : session_(session), output_(output), stream_(stream) {}
    ~Http2Content() override;
    Http2Content(const Http2Content&) = delete;
    Http2Content& operator=(const Http2Content&) = delete;

    /// The connection received a piece.
    void put(std::string_view data);
    /// The connection received the end; `trailers` are field lines with their CRLF.
    void end(std::string trailers);
    /// Ends receive(), and all that follow, with `reason`.
    void interrupt(error_code reason) noexcept;
    /// Undoes interrupt().
    void resume() noexcept { interrupted_ = error_code(); }
    /// What is still to come is not wanted: receive() returns Errc::refused, for good.
    void refuse() noexcept;

    [[nodiscard]] Slice next() override;
    void consume() override;
    [[nodiscard]] net::Task<error_code> receive() override;
    [[nodiscard]] std::string_view trailers() const noexcept override { return trailers_; }

  private:
    void acknowledge(std::size_t size);

    nghttp2_session* session_;
    Http2Output& output_;
    std::int32_t stream_;
    net::Event arrived_;
    std::string arriving_;
    std::string in_hand_;  ///< given out by next(); grows no more
    std::string trailers_;
    bool ended_ = false;
    bool refused_ = false;
    error_code interrupted_;
};

}  // namespace hsmfront::http
