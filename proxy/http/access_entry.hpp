// AccessEntry: gathers what the access log and the metrics say of one request.
#pragma once

#include "proxy/http/access_log.hpp"
#include "proxy/http/exchange.hpp"
#include "proxy/http/head.hpp"
#include "proxy/http/traffic.hpp"
#include "proxy/net/executor.hpp"

#include <string>
#include <string_view>

namespace hsmfront::http {

/// What the entries of one connection have in common.
struct AccessConnection {
    const AccessLog& log;
    AccessRecord known;  ///< of the connection; `handshake` is for its first request
};

/// Lives as long as its request, which begins with it.
class AccessEntry {
  public:
    /// `connection`, and what its views refer to, outlive it. Null: nothing is written.
    AccessEntry(AccessConnection* connection, Traffic& traffic);
    AccessEntry(const AccessEntry&) = delete;
    AccessEntry& operator=(const AccessEntry&) = delete;

    /// Takes what it needs of `head` and of the authority that the client meant. Call it once.
    void describe(const RequestHead& head, std::string_view host);
    /// Counts it and writes the line. Call one of the two, once.
    void end(const Exchange::Facts& facts);
    void end(Status status, std::string_view reason);

  private:
    /// A copy that stays where it is.
    [[nodiscard]] std::string_view keep(std::string_view text);
    void finish();

    Traffic& traffic_;
    const AccessLog* log_ = nullptr;
    AccessRecord record_;
    net::Clock::time_point begun_;
    std::string text_;
};

}  // namespace hsmfront::http
