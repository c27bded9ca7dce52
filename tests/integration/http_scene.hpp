// HttpScene: hsmfront between HTTP/1.1 clients and an origin that a test plays byte by byte.
#pragma once

#include "tests/harness/front_stage.hpp"
#include "tests/harness/http_message.hpp"
#include "tests/harness/recording_origin.hpp"
#include "tests/harness/wire.hpp"

#include <gmock/gmock.h>

#include <string>
#include <string_view>

namespace hsmfront::test {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using namespace std::string_literals;

/// The key is a file: these tests are about HTTP. One worker, so that there is one pool of backend
/// connections. A test sets config.http.backend_port.
class HttpScene : public FrontStage {
  protected:
    HttpScene();
    /// Stops the proxy; no test may bring it to an internal error.
    void TearDown() override;

    /// A client after its TLS handshake, on a connection of its own. Starts the proxy if need be.
    [[nodiscard]] Wire connect(
        const std::string& address = "127.0.0.1", const std::string& server_name = "localhost"
    );
    /// Of all clients.
    [[nodiscard]] SSL_CTX* context() const { return context_.get(); }

  private:
    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
};

/// The backend's side is played by hand, on the test's thread.
class PlayedHttp : public HttpScene {
  protected:
    PlayedHttp() { config.http.backend_port = backend.port(); }
    /// Leaves first, so that nobody waits for an end.
    void TearDown() override;

    /// Sends `request` and gives what the backend gets of it, up to the end of its head, on a new
    /// connection `behind`.
    [[nodiscard]] std::string head_behind(const std::string& request);
    /// The same, read.
    [[nodiscard]] HttpMessage request_behind(const std::string& request);
    /// What the client gets for `request` when the backend answers it with `answer`: a head, and as
    /// much content as its length tells.
    [[nodiscard]] HttpMessage answered(const std::string& request, const std::string& answer);
    /// The first line of what the client gets for `request`, which must not reach the backend and
    /// ends the connection.
    [[nodiscard]] std::string refusal(const std::string& request);
    /// True if another request and its answer pass over the same two connections.
    [[nodiscard]] bool goes_on();

    WireListener backend;
    Wire client;
    Wire behind;  ///< the backend's connection
};

/// "GET /path HTTP/1.1", Host, `fields` with their CRLF, the empty line.
[[nodiscard]] std::string get(const std::string& path, const std::string& fields = "");
/// The same for POST; `body` follows unframed.
[[nodiscard]] std::string post(
    const std::string& path, const std::string& fields, const std::string& body
);

}  // namespace hsmfront::test
