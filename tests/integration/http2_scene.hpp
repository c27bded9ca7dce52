// Http2Scene: hsmfront between an HTTP/2 client and an origin, both played by hand.
#pragma once

#include "http_scene.hpp"
#include "tests/harness/http2_client.hpp"

#include <memory>
#include <string>

namespace hsmfront::test {

class Http2Scene : public PlayedHttp {
  protected:
    Http2Scene();
    /// Ends the connections first, for whose ends the proxy would wait.
    void TearDown() override;

    /// A client that has agreed on h2 and has said nothing yet; its ALPN is `protocols` ("h2,x").
    [[nodiscard]] Wire agree(const std::string& protocols = "h2");
    /// The same, greeted.
    [[nodiscard]] Http2Client connect2(std::string_view settings = {});
    /// Sends a request; what the backend gets of it, up to the end of its head, on a new connection
    /// `behind`.
    [[nodiscard]] HttpMessage head_behind2(
        std::uint32_t stream, const h2::Fields& fields, bool ended = true
    );
    /// The backend answers and the client receives it.
    Http2Client::Stream& answered2(std::uint32_t stream, const std::string& answer);
    /// Sends a request that must be a stream error, not reach the backend and leave the connection
    /// usable.
    void expect_malformed(const h2::Fields& fields, bool ended = true);
    /// hsmfront holds less than `kib`. Sanitizers hold on to what was freed, so they are not asked.
    void expect_memory_below(std::uint64_t kib) const;
    /// True if another request and its answer pass.
    [[nodiscard]] bool serves(std::uint32_t stream);

    Http2Client client2;

  private:
    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
    std::uint32_t next_malformed_ = 1;
};

}  // namespace hsmfront::test
