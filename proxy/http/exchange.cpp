// One request: backend connection, upload beside response, and what failures mean to the client.
#include "proxy/http/exchange.hpp"

#include "proxy/http/errors.hpp"
#include "proxy/http/tunnel.hpp"
#include "proxy/net/errc.hpp"

#include <utility>

namespace hsmfront::http {

namespace {

/// The head of a response may fill one buffer.
constexpr std::size_t max_response_head = net::BufferPool::buffer_size;
constexpr std::size_t max_response_fields = 256;
/// A backend that says 1xx without end is broken.
constexpr unsigned max_interim = 32;

std::string_view describe(Status status) {
    switch (status) {
        case Status::bad_request:
            return "malformed request content";
        case Status::request_timeout:
            return "request content timed out";
        case Status::content_too_large:
            return "request content too large";
        case Status::gateway_timeout:
            return "backend timed out";
        default:
            return "backend gave no valid response";
    }
}

}  // namespace

Exchange::Exchange(
    ClientConnection& client,
    BackendPool& backends,
    const config::Http& settings,
    Request request,
    std::string head
)
    : client_(client),
      backends_(backends),
      settings_(settings),
      request_(std::move(request)),
      head_(std::move(head)),
      tasks_(client.worker().executor) {}

net::Task<Next> Exchange::run() {
    client_.watch().pause();  // connecting has its own limit
    backend_ = backends_.take();
    if (backend_ != nullptr) {
        const std::optional<Next> next = co_await attempt(request_.repeatable());
        if (next) {
            co_return *next;
        }
    }
    Result<std::unique_ptr<BackendConnection>> connected = co_await backends_.connect();
    if (client_.stopped()) {
        reason_ = "stopped";
        co_return Next::abort;
    }
    if (!connected) {
        const bool late = connected.error() == net::Errc::timed_out;
        reason_ = "backend not reachable";
        co_return co_await refuse(late ? Status::gateway_timeout : Status::bad_gateway);
    }
    backend_ = std::move(*connected);
    const std::optional<Next> next = co_await attempt(false);
    co_return next.value_or(Next::abort);
}

net::Task<std::optional<Next>> Exchange::attempt(bool may_retry) {
    client_.attach(&backend_->stream);
    client_.watch().restart(settings_.timeouts.stall);
    const BodyTransfer::Route route{client_.inlet(), backend_->stream, client_.watch()};
    BodyTransfer::Options options{request_.framing, BodyEncoder::Kind::plain};
    if (request_.framing.kind == Framing::Kind::chunked) {
        options.encoding = BodyEncoder::Kind::chunked;
    }
    options.limit = settings_.limits.body.value_or(options.limit);
    upload_.emplace(route, options, head_);
    upload_end_.reset();
    if (request_.framing.empty()) {
        co_await upload();
    } else {
        tasks_.spawn(upload(), "http upload");
    }
    const Reply reply = co_await await_reply();
    const bool stale = may_retry && silent_ && reply == Reply::failed && !client_.stopped() &&
                       !client_.watch().expired();
    std::optional<Next> next;
    if (!stale) {
        next = co_await conclude(reply);
    }
    co_await stop_upload();
    client_.attach(nullptr);
    part_with_backend();
    co_return next;
}

net::Task<Next> Exchange::conclude(Reply reply) {
    if (reply != Reply::final) {
        co_return co_await fail(reply);
    }
    awaiting_reply_ = false;
    if (reply_.status == 101) {
        co_return co_await tunnel();
    }
    const Parsed<Framing> framing = response_framing(reply_, request_.head);
    if (!framing) {
        co_return co_await fail(Reply::malformed);
    }
    co_return co_await deliver(*framing);
}

void Exchange::part_with_backend() {
    upload_.reset();
    if (complete_ && persistent_ && backend_->inlet.empty()) {
        backends_.give_back(std::move(backend_));
    } else if (!complete_) {
        backend_->stream.reset();  // half a request must not look like a whole one
    }
    backend_.reset();
}

bool Exchange::uploaded() const noexcept { return upload_end_ == BodyTransfer::End::complete; }

net::Task<void> Exchange::upload() {
    const BodyTransfer::End end = co_await upload_->run();
    upload_end_ = end;
    const bool sent = end == BodyTransfer::End::complete || end == BodyTransfer::End::sink_failed;
    if (!sent) {
        backend_->stream.interrupt(net::Errc::protocol);
    } else if (awaiting_reply_ && !client_.watch().expired()) {
        // A backend that stopped reading may still have answered.
        client_.watch().restart(settings_.timeouts.backend_response);
    }
}

net::Task<void> Exchange::stop_upload() {
    client_.watch().pause();
    if (tasks_.size() != 0 && !upload_end_) {
        client_.transport().interrupt(net::Errc::refused);
        backend_->stream.interrupt(net::Errc::refused);
    }
    co_await tasks_.join();
    client_.resume();
}

net::Task<Exchange::Reply> Exchange::await_reply() {
    for (unsigned interim = 0; interim <= max_interim; ++interim) {
        const Reply reply = co_await receive_head();
        if (reply != Reply::final || reply_.status >= 200) {
            co_return reply;
        }
        if (reply_.status == 101) {
            co_return request_.websocket ? Reply::final : Reply::malformed;
        }
        const bool relayed = co_await relay_interim();
        if (!relayed) {
            co_return Reply::client_gone;
        }
    }
    co_return Reply::malformed;
}

net::Task<Exchange::Reply> Exchange::receive_head() {
    Inlet& inlet = backend_->inlet;
    HeadScanner scanner(HeadScanner::Kind::response, max_response_head);
    while (true) {
        const HeadScanner::State state = scanner.scan(inlet.bytes());
        if (state == HeadScanner::State::complete) {
            break;
        }
        if (state != HeadScanner::State::incomplete) {
            co_return Reply::malformed;
        }
        const error_code ec = co_await inlet.more();
        if (ec) {
            co_return Reply::failed;
        }
        silent_ = false;
    }
    Parsed<ResponseHead> parsed =
        parse_response_head(scanner.head(inlet.bytes()), max_response_fields);
    if (!parsed) {
        co_return Reply::malformed;
    }
    reply_ = std::move(*parsed);
    reply_size_ = scanner.consumed();
    co_return Reply::final;
}

net::Task<bool> Exchange::relay_interim() {
    std::string out;
    if (request_.version == Version::http1_1) {
        append_interim_head(out, reply_);
    }
    backend_->inlet.consume(reply_size_);
    client_.watch().touch();
    const error_code ec = co_await client_.write(out);
    co_return !ec;
}

net::Task<Next> Exchange::deliver(Framing framing) {
    // With content still to come nobody could tell where the next request begins.
    const bool may_continue = uploaded() && client_.may_continue();
    const ResponsePlan plan = plan_response(reply_, framing, request_, may_continue);
    persistent_ =
        persistent(reply_.version, reply_.fields) && framing.kind != Framing::Kind::until_close;
    std::string out;
    append_response_head(out, reply_, request_, plan, settings_);
    backend_->inlet.consume(reply_size_);
    client_.watch().restart(settings_.timeouts.stall);
    const BodyTransfer::Route route{backend_->inlet, client_.transport(), client_.watch()};
    const BodyTransfer::Options options{framing, plan.encoding, plan.trailers};
    BodyTransfer download(route, options, std::move(out));
    const BodyTransfer::End end = co_await download.run();
    client_.count_sent(download.sent());
    if (end == BodyTransfer::End::complete) {
        co_return after_delivery(framing, plan.keep_alive);
    }
    if (download.sent() == 0 && end != BodyTransfer::End::sink_failed) {
        const bool malformed = end == BodyTransfer::End::malformed;
        co_return co_await fail(malformed ? Reply::malformed : Reply::failed);
    }
    co_return broken_off(end);
}

Next Exchange::after_delivery(Framing framing, bool keep_alive) {
    if (uploaded()) {
        complete_ = true;
        return keep_alive ? Next::another : Next::close;
    }
    if (framing.kind == Framing::Kind::until_close &&
        upload_end_ == BodyTransfer::End::sink_failed) {
        // The end of a connection that broke under the upload proves nothing.
        reason_ = "backend broke off";
        return Next::abort;
    }
    reason_ = "answered before the request was complete";
    return Next::close;
}

Next Exchange::broken_off(BodyTransfer::End end) {
    const bool late = client_.watch().expired();
    if (client_.stopped()) {
        reason_ = "stopped";
    } else if (end == BodyTransfer::End::sink_failed) {
        reason_ = late ? "client stalled" : "client gone";
    } else {
        reason_ = late ? "backend stalled" : "backend response truncated";
    }
    return Next::abort;
}

net::Task<Next> Exchange::tunnel() {
    std::string out;
    append_interim_head(out, reply_);
    backend_->inlet.consume(reply_size_);
    Tunnel relay(client_, *backend_);
    client_.watch().restart(settings_.timeouts.stall);
    const bool whole = co_await relay.run(std::move(out));
    complete_ = whole;  // but its connection is used up
    reason_ = whole ? "tunnel closed" : "tunnel cut";
    co_return whole ? Next::ended : Next::abort;
}

net::Task<Next> Exchange::fail(Reply reply) {
    const bool expired = client_.watch().expired();
    co_await stop_upload();
    if (client_.stopped()) {
        reason_ = "stopped";
        co_return Next::abort;
    }
    const std::optional<Status> status = blame(reply, expired);
    if (!status) {
        reason_ = "client gone";
        co_return Next::abort;
    }
    reason_ = describe(*status);
    co_return co_await refuse(*status);
}

/// Nothing: the client is gone.
std::optional<Status> Exchange::blame(Reply reply, bool expired) const {
    if (reply == Reply::client_gone) {
        return std::nullopt;
    }
    if (upload_end_ == BodyTransfer::End::malformed) {
        return Status::bad_request;
    }
    if (upload_end_ == BodyTransfer::End::too_large) {
        return Status::content_too_large;
    }
    // Errc::refused is our own stop_upload().
    if (upload_end_ == BodyTransfer::End::source_failed && upload_->error() != net::Errc::refused) {
        return expired ? std::optional(Status::request_timeout) : std::nullopt;
    }
    return expired ? Status::gateway_timeout : Status::bad_gateway;
}

net::Task<Next> Exchange::refuse(Status status) {
    std::string out;
    append_error(out, status, request_.head);
    client_.watch().restart(settings_.timeouts.stall);
    const error_code ec = co_await client_.write(out);
    co_return ec ? Next::abort : Next::close;
}

}  // namespace hsmfront::http
