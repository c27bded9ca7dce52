// One request: backend connection, upload beside response, and what failures mean to the client.
#include "proxy/http/exchange.hpp"

#include "proxy/net/errc.hpp"

#include <limits>
#include <utility>

namespace hsmfront::http {

namespace {

/// The head of a response may fill one buffer.
constexpr std::size_t max_response_head = net::BufferPool::buffer_size;
constexpr std::size_t max_response_fields = 256;
/// A backend that says 1xx without end is broken.
constexpr unsigned max_interim = 32;
constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

Status status_of(error_code not_connected) {
    if (not_connected == net::Errc::timed_out) {
        return Status::gateway_timeout;
    }
    const bool none_asked = not_connected.category() == backend_category();
    return none_asked ? Status::unavailable : Status::bad_gateway;
}

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
    ClientStream& client,
    Destination backends,
    const config::Http& settings,
    Request request,
    std::string head
)
    : client_(client),
      settings_(settings),
      request_(std::move(request)),
      head_(std::move(head)),
      search_(backends),
      tasks_(client.worker().executor) {}

net::Task<Outcome> Exchange::run() {
    client_.watch().pause();  // connecting has its own limit
    bool may_retry = request_.repeatable();
    using Kind = BackendSearch::Kind;
    Kind kind = may_retry ? Kind::quick : Kind::any;
    while (true) {
        const error_code ec = co_await connect(kind);
        if (client_.stopped()) {
            co_return stop();
        }
        if (ec) {
            facts_.reason = "backend not reachable";
            co_return co_await refuse(status_of(ec));
        }
        const std::optional<Outcome> outcome = co_await attempt(may_retry);
        if (outcome) {
            co_return *outcome;
        }
        may_retry = false;
        kind = Kind::fresh;
    }
}

net::Task<error_code> Exchange::connect(BackendSearch::Kind kind) {
    client_.attach(&search_);
    Result<std::unique_ptr<BackendConnection>> found = co_await search_.next(kind);
    client_.attach(nullptr);
    facts_.connect = elapsed();
    if (!found) {
        co_return found.error();
    }
    backend_ = std::move(*found);
    facts_.backend = search_.server();
    facts_.reused = backend_->reused;
    co_return error_code();
}

net::Task<std::optional<Outcome>> Exchange::attempt(bool may_retry) {
    client_.attach(&backend_->stream);
    client_.watch().restart(settings_.timeouts.stall);
    FramedSink::Options options;
    if (request_.framing.kind == Framing::Kind::chunked) {
        options.encoding = BodyEncoder::Kind::chunked;
    }
    upload_sink_.emplace(backend_->stream, options, head_);
    const BodyTransfer::Route route{client_.content(), *upload_sink_, client_.watch()};
    upload_.emplace(route, settings_.limits.body.value_or(no_limit));
    upload_end_.reset();
    if (request_.framing.empty()) {
        co_await upload();
    } else {
        tasks_.spawn(upload(), "http upload");
    }
    const Reply reply = co_await await_reply();
    const bool again = may_retry && silent_ && reply == Reply::failed && !client_.stopped() &&
                       !client_.watch().expired();
    std::optional<Outcome> outcome;
    failed_ = again;
    if (!again) {
        outcome = co_await conclude(reply);
    }
    co_await stop_upload();
    client_.attach(nullptr);
    part_with_backend();
    co_return outcome;
}

net::Task<Outcome> Exchange::conclude(Reply reply) {
    if (reply != Reply::final) {
        co_return co_await fail(reply);
    }
    awaiting_reply_ = false;
    backend_->use.answered();
    facts_.first_byte = elapsed();
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
    facts_.received = upload_->content();
    upload_.reset();
    upload_sink_.reset();
    using Ending = BackendSearch::Outcome;
    const bool reusable = complete_ && persistent_ && backend_->inlet.empty();
    const Ending whole = reusable ? Ending::reusable : Ending::used_up;
    const Ending broken = failed_ ? Ending::failed : Ending::abandoned;
    search_.finish(std::move(backend_), complete_ ? whole : broken);
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
        client_.refuse_content();
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
            const bool agreed =
                request_.websocket && lists_token(reply_.fields, "Upgrade", "websocket");
            co_return agreed ? Reply::final : Reply::malformed;
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
    const error_code ec = co_await client_.interim(reply_);
    backend_->inlet.consume(reply_size_);
    co_return !ec;
}

net::Task<Outcome> Exchange::deliver(Framing framing) {
    ContentSink& sink = client_.respond(reply_, framing, uploaded());
    facts_.status = reply_.status;
    persistent_ =
        persistent(reply_.version, reply_.fields) && framing.kind != Framing::Kind::until_close;
    backend_->inlet.consume(reply_size_);
    client_.watch().restart(settings_.timeouts.stall);
    FramedSource source(backend_->inlet, framing);
    BodyTransfer download({source, sink, client_.watch()});
    const BodyTransfer::End end = co_await download.run();
    facts_.sent = download.content();
    if (end == BodyTransfer::End::complete) {
        co_return after_delivery(framing);
    }
    if (sink.sent() == 0 && end != BodyTransfer::End::sink_failed) {
        const bool malformed = end == BodyTransfer::End::malformed;
        co_return co_await fail(malformed ? Reply::malformed : Reply::failed);
    }
    co_return broken_off(end);
}

Outcome Exchange::after_delivery(Framing framing) {
    if (uploaded()) {
        complete_ = true;
        return Outcome::complete;
    }
    if (framing.kind == Framing::Kind::until_close &&
        upload_end_ == BodyTransfer::End::sink_failed) {
        // The end of a connection that broke under the upload proves nothing.
        facts_.reason = "backend broke off";
        return Outcome::cut;
    }
    facts_.reason = "answered before the request was complete";
    return Outcome::early;
}

Outcome Exchange::broken_off(BodyTransfer::End end) {
    const bool late = client_.watch().expired();
    if (client_.stopped()) {
        return stop();
    }
    if (end == BodyTransfer::End::sink_failed) {
        facts_.reason = late ? "client stalled" : "client gone";
    } else {
        facts_.reason = late ? "backend stalled" : "backend response truncated";
        failed_ = true;
    }
    return Outcome::cut;
}

net::Task<Outcome> Exchange::tunnel() {
    facts_.status = reply_.status;
    client_.watch().restart(settings_.timeouts.stall);
    const bool whole = co_await client_.tunnel(reply_, reply_size_, *backend_);
    complete_ = whole;  // but its connection is used up
    facts_.reason = whole ? "tunnel closed" : "tunnel cut";
    co_return whole ? Outcome::tunnelled : Outcome::cut;
}

net::Task<Outcome> Exchange::fail(Reply reply) {
    const bool expired = client_.watch().expired();
    co_await stop_upload();
    if (client_.stopped()) {
        co_return stop();
    }
    const std::optional<Status> status = blame(reply, expired);
    if (!status) {
        facts_.reason = "client gone";
        co_return Outcome::cut;
    }
    failed_ = *status == Status::bad_gateway || *status == Status::gateway_timeout;
    facts_.reason = describe(*status);
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

net::Task<Outcome> Exchange::refuse(Status status) {
    facts_.status = static_cast<unsigned>(status);
    client_.watch().restart(settings_.timeouts.stall);
    const bool whole = request_.framing.empty() || uploaded();
    const error_code ec = co_await client_.answer(status, whole);
    co_return ec ? Outcome::cut : Outcome::refused;
}

Outcome Exchange::stop() {
    facts_.reason = "stopped";
    return Outcome::cut;
}

net::milliseconds Exchange::elapsed() const {
    return std::chrono::duration_cast<net::milliseconds>(net::Clock::now() - begun_);
}

}  // namespace hsmfront::http
