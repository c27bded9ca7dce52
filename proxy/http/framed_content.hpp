// FramedSource and FramedSink: content on an HTTP/1 connection.
#pragma once

#include "proxy/http/body.hpp"
#include "proxy/http/content.hpp"
#include "proxy/http/inlet.hpp"

#include <string>

namespace hsmfront::http {

/// Content by length, by chunks, or up to the connection's end.
class FramedSource final : public ContentSource {
  public:
    /// `inlet` outlives it and stands where the content begins.
    FramedSource(Inlet& inlet, Framing framing) : inlet_(inlet), decoder_(framing) {}

    [[nodiscard]] Slice next() override;
    void consume() override;
    [[nodiscard]] net::Task<error_code> receive() override;
    [[nodiscard]] std::string_view trailers() const noexcept override;

  private:
    Inlet& inlet_;
    BodyDecoder decoder_;
    std::size_t used_ = 0;  ///< bytes of the inlet behind the slice that is out
    bool ended_ = false;    ///< by the connection's end
};

/// Small pieces are gathered up to a TLS record, large ones go out from where they lie.
class FramedSink final : public ContentSink {
  public:
    struct Options {
        BodyEncoder::Kind encoding = BodyEncoder::Kind::plain;
        bool trailers = false;  ///< the receiver takes a trailer section
    };

    /// `head` goes out in front of the content. `transport` outlives it.
    FramedSink(net::Transport& transport, Options options, std::string head)
        : transport_(transport),
          encoder_(options.encoding),
          trailers_(options.trailers),
          out_(std::move(head)) {}

    [[nodiscard]] net::Task<error_code> write(std::string_view data) override;
    [[nodiscard]] net::Task<error_code> flush() override;
    [[nodiscard]] net::Task<error_code> finish(std::string_view trailers) override;
    [[nodiscard]] std::uint64_t sent() const noexcept override { return sent_; }

  private:
    /// The content of one TLS record.
    static constexpr std::size_t record = std::size_t{16} * 1024;

    [[nodiscard]] net::Task<error_code> send(std::string_view bytes);

    net::Transport& transport_;
    BodyEncoder encoder_;
    bool trailers_;
    std::string out_;
    std::uint64_t sent_ = 0;
};

}  // namespace hsmfront::http
