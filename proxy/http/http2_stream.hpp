// Http2Stream: one request of an HTTP/2 connection, as an exchange sees it.
#pragma once

#include "proxy/http/access_entry.hpp"
#include "proxy/http/client_stream.hpp"
#include "proxy/http/http2_content.hpp"
#include "proxy/http/http2_request.hpp"
#include "proxy/http/http2_sink.hpp"

namespace hsmfront::http {

/// What the streams of a connection share.
struct Http2Link {
    nghttp2_session* session;
    Http2Output& output;
    net::WorkerContext& worker;
    const config::Http& settings;
    AccessConnection* access;  ///< null: requests are not logged
    Traffic& traffic;
};

/// Lives until its request is done and nghttp2 has closed the stream.
class Http2Stream final : public ClientStream {
  public:
    /// `link` refers to what outlives it.
    Http2Stream(const Http2Link& link, std::int32_t id);

    [[nodiscard]] std::int32_t id() const noexcept { return id_; }
    /// The field section that is being received.
    [[nodiscard]] Http2Section& section() noexcept { return section_; }
    /// Forgets the section received last.
    void expect_section();
    /// What is asked for. Before anything is answered.
    void accept(const Request& request) { request_ = request; }
    [[nodiscard]] Http2Content& received() noexcept { return content_; }
    [[nodiscard]] Http2Sink& sink() noexcept { return sink_; }
    [[nodiscard]] AccessEntry& access() noexcept { return access_; }

    /// A coroutine works on it.
    [[nodiscard]] bool served() const noexcept { return served_; }
    void set_served(bool served) noexcept { served_ = served; }
    /// nghttp2 has forgotten it.
    [[nodiscard]] bool closed() const noexcept { return closed_; }
    /// nghttp2 forgets it: what is not complete is cut.
    void close() noexcept;
    /// Cuts what is not complete.
    void stop() noexcept;

    [[nodiscard]] net::WorkerContext& worker() noexcept override { return link_.worker; }
    [[nodiscard]] net::Watchdog& watch() noexcept override { return watch_; }
    void attach(net::Interruptible* backend) noexcept override { sides_.backend = backend; }
    [[nodiscard]] bool stopped() const noexcept override { return stopped_; }
    [[nodiscard]] ContentSource& content() noexcept override { return content_; }
    void refuse_content() noexcept override { content_.refuse(); }
    void resume() noexcept override;
    [[nodiscard]] net::Task<error_code> interim(const ResponseHead& head) override;
    [[nodiscard]] ContentSink& respond(
        const ResponseHead& head, Framing framing, bool whole_request
    ) override;
    [[nodiscard]] net::Task<error_code> answer(Status status, bool whole_request) override;
    [[nodiscard]] net::Task<bool> tunnel(
        const ResponseHead& head, std::size_t head_size, BackendConnection& backend
    ) override;

  private:
    /// Both sides of the request, for the watch.
    struct Sides final : net::Interruptible {
        explicit Sides(Http2Stream& owner) : stream(owner) {}
        void interrupt(error_code reason) noexcept override;
        Http2Stream& stream;
        net::Interruptible* backend = nullptr;
    };

    Http2Link link_;
    std::int32_t id_;
    Http2Section section_;
    Request request_;
    Sides sides_;
    net::Watchdog watch_;
    Http2Content content_;
    Http2Sink sink_;
    AccessEntry access_;
    bool served_ = false;
    bool closed_ = false;
    bool stopped_ = false;
};

}  // namespace hsmfront::http
