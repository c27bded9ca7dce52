// Http2Sink: the response on an HTTP/2 stream: HEADERS, DATA, trailers.
#pragma once

#include "proxy/http/content.hpp"
#include "proxy/http/http2_fields.hpp"
#include "proxy/http/http2_output.hpp"
#include "proxy/net/deadline.hpp"
#include "proxy/net/event.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace hsmfront::http {

/// nghttp2 takes content from where it lies, as the client's flow-control windows allow; write()
/// returns when it is taken. Small pieces are gathered up to a TLS record.
class Http2Sink final : public ContentSink {
  public:
    /// All outlive it. `watch` is touched for each piece that goes out.
    Http2Sink(
        nghttp2_session* session, Http2Output& output, std::int32_t stream, net::Watchdog& watch
    )
        : session_(session), output_(output), stream_(stream), watch_(watch) {}

    /// Begins a response; may be called again as long as nothing was sent(). `length`: of the
    /// content, where it is known before.
    void begin(Http2Fields head, std::optional<std::uint64_t> length);
    /// Ends whatever waits here, and all that follows, with `reason`.
    void interrupt(error_code reason) noexcept;
    /// Undoes interrupt().
    void resume() noexcept { interrupted_ = error_code(); }
    /// The frame with END_STREAM went out.
    void note_end() noexcept;
    [[nodiscard]] bool ended() const noexcept { return ended_; }

    [[nodiscard]] net::Task<error_code> write(std::string_view data) override;
    [[nodiscard]] net::Task<error_code> flush() override;
    [[nodiscard]] net::Task<error_code> finish(std::string_view trailers) override;
    [[nodiscard]] std::uint64_t sent() const noexcept override { return sent_; }

    /// nghttp2 asks how much of the content it may take, up to `limit` bytes: DATA flags are added
    /// to `flags`. As nghttp2_data_source_read_callback has it.
    [[nodiscard]] ssize_t supply(std::size_t limit, std::uint32_t& flags);
    /// nghttp2 takes `size` bytes of it behind the frame's `head`. As nghttp2_send_data_callback.
    [[nodiscard]] int transfer(std::string_view head, std::size_t size);

  private:
    /// Gathered content that is sent without waiting for more.
    static constexpr std::size_t enough = Http2Output::max_data;

    [[nodiscard]] net::Task<error_code> send(std::string_view data);
    [[nodiscard]] net::Task<error_code> send_gathered();
    void submit();

    nghttp2_session* session_;
    Http2Output& output_;
    std::int32_t stream_;
    net::Watchdog& watch_;
    net::Event taken_;
    Http2Fields head_;
    Http2Fields trailers_;
    std::optional<std::uint64_t> length_;
    std::uint64_t given_ = 0;  ///< bytes of content, to write()
    std::uint64_t sent_ = 0;
    std::string gathered_;
    std::string_view pending_;  ///< what nghttp2 may take
    bool submitted_ = false;
    bool last_ = false;   ///< nothing follows what is pending
    bool ended_ = false;  ///< END_STREAM went out
    error_code interrupted_;
};

}  // namespace hsmfront::http
