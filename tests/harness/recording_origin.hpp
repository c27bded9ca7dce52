// RecordingOrigin: an HTTP/1.1 server that keeps every byte it is sent and answers what it is told
// to answer, on the thread of the test, so that nothing is left to chance.
#pragma once

#include "tests/harness/http_message.hpp"
#include "tests/harness/wire.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace hsmfront::test {

/// What a request is answered with.
struct OriginAnswer {
    enum class Then { keep, close, reset };
    std::string bytes;
    Then then = Then::keep;
};

class RecordingOrigin {
  public:
    using Answering = std::function<OriginAnswer(const HttpMessage&)>;

    explicit RecordingOrigin(Answering answering);

    [[nodiscard]] std::uint16_t port() const { return listener_.port(); }

    /// Serves until `client` has ended or `enough` holds for what it received; then takes in what
    /// was sent here up to that moment.
    [[nodiscard]] Wire::Rest serve(
        Wire& client, const std::function<bool(const std::string&)>& enough = {}
    );

    /// What arrived since the last call: whole requests in the order of their ends, then what is no
    /// whole request, of all connections together.
    [[nodiscard]] Reading take();
    /// Ends all connections from here, in order.
    void hang_up();

  private:
    struct Connection {
        Wire wire;
        std::string unread;
        std::size_t told = 0;  ///< bytes of `unread` that take() has given
        bool open = true;
    };

    void wait(const Wire& client) const;
    void accept();
    void serve_all();
    void serve(Connection& connection);
    void answer(Connection& connection, const HttpMessage& request);

    WireListener listener_;
    Answering answering_;
    std::vector<Connection> connections_;
    std::vector<HttpMessage> requests_;
};

/// A 200 response with `body`.
[[nodiscard]] std::string ok_with(const std::string& body);

}  // namespace hsmfront::test
