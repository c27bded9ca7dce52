// Request loop and connection end of HTTP/1.
#include "proxy/http/http1_session.hpp"

#include "proxy/http/exchange.hpp"
#include "proxy/http/http1_stream.hpp"
#include "proxy/net/errc.hpp"

#include <algorithm>
#include <utility>

namespace hsmfront::http {

namespace {

/// Lingering: until the client is silent for this long …
constexpr net::milliseconds linger_silence{5'000};
/// … or for as long as this in all.
constexpr net::milliseconds linger_total{30'000};

Status refusal_of(HeadScanner::State state) {
    switch (state) {
        case HeadScanner::State::line_too_long:
            return Status::uri_too_long;
        case HeadScanner::State::too_large:
            return Status::fields_too_large;
        case HeadScanner::State::malformed:
            return Status::bad_request;
        default:
            return Status{};
    }
}

Next next_after(Outcome outcome, bool keep_alive) {
    switch (outcome) {
        case Outcome::complete:
        case Outcome::refused:
            return keep_alive ? Next::another : Next::close;
        case Outcome::early:
            return Next::close;
        case Outcome::tunnelled:
            return Next::ended;
        default:
            return Next::abort;
    }
}

net::Task<void> linger(ClientConnection& client) {
    const auto until = net::Clock::now() + linger_total;
    client.watch().restart(linger_silence);
    while (net::Clock::now() < until) {
        client.inlet().consume(client.inlet().bytes().size());
        const error_code ec = co_await client.inlet().more();
        if (ec) {
            break;
        }
        client.watch().touch();
    }
}

}  // namespace

net::Task<std::optional<Status>> receive_request_head(
    ClientConnection& client, HeadScanner& scanner, net::milliseconds limit
) {
    for (bool waiting = false;; waiting = true) {
        const HeadScanner::State state = scanner.scan(client.inlet().bytes());
        if (state != HeadScanner::State::incomplete) {
            co_return refusal_of(state);
        }
        if (!waiting) {
            client.watch().restart(limit);
        }
        const error_code ec = co_await client.inlet().more();
        if (ec && client.watch().expired()) {
            client.resume();
            co_return Status::request_timeout;
        }
        if (ec) {
            co_return std::nullopt;
        }
    }
}

net::Task<void> end_connection(ClientConnection& client, Next next) {
    client.attach(nullptr);
    client.set_busy(false);
    if (next == Next::abort) {
        client.transport().reset();
        co_return;
    }
    client.transport().resume();  // also after a stop of an idle session: it ends in order
    if (next == Next::close) {
        client.watch().restart(linger_silence);
        const error_code ec = co_await client.transport().shutdown_send();
        if (!ec) {
            co_await linger(client);
        }
    }
    client.transport().close();
}

net::Task<void> Http1Session::run() {
    Next next = Next::another;
    while (next == Next::another) {
        // Here and not in serve_one(), whose frame an idle connection need not hold.
        const bool there = co_await await_request();
        if (!there) {
            next = Next::close;
            break;
        }
        next = co_await serve_one();
    }
    co_await end_connection(client_, next);
}

std::uint64_t Http1Session::sending() const noexcept {
    return stream_ == nullptr ? 0 : stream_->sent();
}

std::string_view Http1Session::backend() const noexcept {
    return exchange_ == nullptr ? std::string_view{} : exchange_->facts().backend;
}

net::Task<Next> Http1Session::serve_one() {
    AccessEntry access(dispatch_.access, dispatch_.traffic);
    const std::size_t limit = std::min(settings_.limits.header, net::BufferPool::buffer_size);
    HeadScanner scanner(HeadScanner::Kind::request, limit);
    const std::optional<Status> refusal =
        co_await receive_request_head(client_, scanner, settings_.timeouts.header);
    if (!refusal) {
        reason_ = client_.stopped() ? "stopped" : "client closed within a request";
        access.end(Status{}, reason_);
        co_return Next::close;
    }
    if (*refusal != Status{}) {
        co_return co_await refuse(*refusal, {}, access);
    }
    const std::string_view head = scanner.head(client_.inlet().bytes());
    co_return co_await serve(head, scanner.consumed(), access);
}

net::Task<bool> Http1Session::await_request() {
    client_.set_busy(!client_.inlet().empty());
    if (client_.inlet().empty()) {
        // Who came before a drain and has asked for nothing yet gets his answer.
        const bool newcomer = requests_ == 0 && !client_.stopped();
        if (!client_.may_wait() && !newcomer) {
            reason_ = "stopped";
            co_return false;
        }
        // The first request has to come at once, later ones when the client wants.
        const auto& timeouts = settings_.timeouts;
        client_.watch().restart(requests_ == 0 ? timeouts.header : timeouts.idle);
        const error_code ec = co_await client_.inlet().more();
        if (ec) {
            reason_ = client_.stopped()           ? "stopped"
                      : client_.watch().expired() ? "idle"
                                                  : "client closed";
            co_return false;
        }
        client_.set_busy(true);
    }
    co_return true;
}

/// `head` lies in the inlet; `consumed` bytes of it are the request's head.
net::Task<Next> Http1Session::serve(
    std::string_view head, std::size_t consumed, AccessEntry& access
) {
    ++requests_;
    const Parsed<RequestHead> parsed = parse_request_head(head, settings_.limits.headers);
    if (!parsed) {
        co_return co_await refuse(parsed.error(), {}, access);
    }
    const bool head_request = parsed->method == "HEAD";
    Parsed<Checked> checked = check_request(*parsed, dispatch_.client.default_host);
    access.describe(*parsed, checked ? checked->request.host : std::string_view{});
    if (!checked) {
        co_return co_await refuse(checked.error(), {head_request}, access);
    }
    checked->request.websocket = checked->request.websocket && settings_.websocket;
    if (settings_.limits.body && checked->request.framing.length > *settings_.limits.body) {
        co_return co_await refuse(Status::content_too_large, {head_request}, access);
    }
    const Parsed<Destination> destination = dispatch_.find(*checked);
    if (!destination) {
        client_.inlet().consume(consumed);
        const Request& request = checked->request;
        const bool goes_on = request.version == Version::http1_1 && request.keep_alive &&
                             request.framing.empty() && client_.may_continue();
        co_return co_await refuse(destination.error(), {head_request, goes_on}, access);
    }
    std::string wire;
    wire.reserve(head.size() + 512);
    append_request_head(wire, *parsed, *checked, dispatch_.client, settings_);
    client_.inlet().consume(consumed);
    co_return co_await exchange(std::move(checked->request), *destination, std::move(wire), access);
}

net::Task<Next> Http1Session::exchange(
    Request request, Destination destination, std::string head, AccessEntry& access
) {
    Http1Stream stream(client_, settings_, request);
    Exchange exchange(stream, destination, settings_, request, std::move(head));
    stream_ = &stream;
    exchange_ = &exchange;
    const Outcome outcome = co_await exchange.run();
    stream_ = nullptr;
    exchange_ = nullptr;
    client_.count_sent(stream.sent());
    const std::string_view reason = exchange.facts().reason;
    reason_ = reason.empty() ? "request served" : reason;
    access.end(exchange.facts());
    co_return next_after(outcome, stream.keep_alive());
}

net::Task<Next> Http1Session::refuse(Status status, ErrorOptions options, AccessEntry& access) {
    reason_ = refusal_reason(status);
    std::string out;
    append_error(out, status, options);
    client_.watch().restart(settings_.timeouts.stall);
    const error_code ec = co_await client_.write(out);
    access.end(status, reason_);
    if (ec) {
        co_return Next::abort;
    }
    co_return options.keep_alive ? Next::another : Next::close;
}

}  // namespace hsmfront::http
