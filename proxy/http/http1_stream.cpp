// Responses as HTTP/1 has them.
#include "proxy/http/http1_stream.hpp"

#include "proxy/http/errors.hpp"
#include "proxy/http/tunnel.hpp"
#include "proxy/net/errc.hpp"

#include <utility>

namespace hsmfront::http {

void Http1Stream::refuse_content() noexcept { client_.transport().interrupt(net::Errc::refused); }

net::Task<error_code> Http1Stream::interim(const ResponseHead& head) {
    std::string out;
    if (request_.version != Version::http1_0) {
        append_interim_head(out, head);
    }
    client_.watch().touch();
    co_return co_await client_.write(out);
}

ContentSink& Http1Stream::respond(const ResponseHead& head, Framing framing, bool whole_request) {
    // With content still to come nobody could tell where the next request begins.
    const bool may_continue = whole_request && client_.may_continue();
    const ResponsePlan plan = plan_response(head, framing, request_, may_continue);
    keep_alive_ = plan.keep_alive;
    std::string out;
    append_response_head(out, head, request_, plan, settings_);
    return sink_.emplace(
        client_.transport(), FramedSink::Options{plan.encoding, plan.trailers}, std::move(out)
    );
}

net::Task<error_code> Http1Stream::answer(Status status, bool whole_request) {
    keep_alive_ = whole_request && request_.keep_alive && client_.may_continue() &&
                  request_.version == Version::http1_1;
    sink_.reset();
    std::string out;
    append_error(out, status, {request_.head, keep_alive_});
    co_return co_await client_.write(out);
}

net::Task<bool> Http1Stream::tunnel(
    const ResponseHead& head, std::size_t head_size, BackendConnection& backend
) {
    std::string out;
    append_interim_head(out, head);
    backend.inlet.consume(head_size);
    Tunnel relay(client_, backend);
    co_return co_await relay.run(std::move(out));
}

}  // namespace hsmfront::http
