#include "proxy/runtime/ocsp_client.hpp"

#include "certs/errc.hpp"
#include "proxy/net/connector.hpp"
#include "proxy/net/deadline.hpp"
#include "proxy/net/tcp_stream.hpp"

#include <boost/asio/ip/basic_resolver.hpp>

#include <array>
#include <utility>

namespace hsmfront::runtime {
namespace {

using certs::OcspExchange;
using State = OcspExchange::State;
using Endpoints = std::vector<net::tcp::endpoint>;

/// What came is no answer.
certs::Failure unusable(std::string why) {
    return {make_error_code(certs::Errc::file_malformed), std::move(why)};
}

}  // namespace

net::Task<Result<Endpoints>> OcspClient::resolve(certs::ResponderUrl responder) {
    error_code ec;
    const auto literal = net::asio::ip::make_address(responder.host, ec);
    if (!ec) {
        co_return Endpoints{net::tcp::endpoint(literal, responder.port)};
    }
    net::asio::ip::basic_resolver<net::tcp, net::Executor> resolver(executor_);
    ++resolving_;
    auto [error, results] = co_await resolver.async_resolve(
        responder.host,
        std::to_string(responder.port),
        net::asio::ip::resolver_base::numeric_service,
        net::as_tuple
    );
    --resolving_;
    if (error) {
        co_return error;
    }
    co_return Endpoints(results.begin(), results.end());
}

/// Sends the question and reads until the answer is whole.
net::Task<OcspClient::Answer> OcspClient::exchange(
    net::Socket socket, OcspExchange& question, net::milliseconds limit
) {
    net::TcpStream stream(std::move(socket));
    const net::SessionRegistry::Entry entry(active_, stream);
    const net::Deadline deadline(executor_, {&stream}, limit);
    const error_code sent = co_await net::write_all(stream, question.outgoing());
    if (sent) {
        co_return certs::Failure{sent, "the request could not be sent: " + sent.message()};
    }
    std::array<char, 4096> buffer{};
    State state = State::more;
    while (state == State::more) {
        const Result<std::size_t> size = co_await net::read_some(stream, buffer);
        if (size) {
            state = question.receive(std::span(buffer.data(), *size));
        } else if (size.error() == net::Errc::eof) {
            state = question.end();
        } else if (size.error() == net::Errc::timed_out) {
            co_return certs::Failure{size.error(), "it did not answer in time"};
        } else {
            co_return certs::Failure{
                size.error(), "the connection broke: " + size.error().message()};
        }
    }
    if (state == State::failed) {
        co_return unusable(question.why());
    }
    co_return question.response();
}

net::Task<OcspClient::Answer> OcspClient::ask(
    certs::ResponderUrl responder, certs::OcspRequestPtr request, net::milliseconds limit
) {
    const Result<Endpoints> endpoints = co_await resolve(responder);
    if (!endpoints) {
        co_return certs::Failure{
            endpoints.error(),
            responder.host + " cannot be resolved: " + endpoints.error().message()};
    }
    const auto due = net::Clock::now() + limit;
    net::Connector connector(executor_);
    const net::SessionRegistry::Entry entry(active_, connector);
    certs::Failure last{net::Errc::timed_out, "no connection in time"};
    for (const auto& endpoint : *endpoints) {
        auto left = std::chrono::ceil<net::milliseconds>(due - net::Clock::now());
        if (left.count() <= 0 || active_.draining()) {
            break;
        }
        Result<net::Socket> socket = co_await connector.connect(endpoint, left);
        if (!socket) {
            last = {socket.error(), "no connection: " + socket.error().message()};
            continue;
        }
        OcspExchange question(responder, request.get());
        if (question.outgoing().empty()) {
            co_return unusable(question.why());
        }
        left = std::chrono::ceil<net::milliseconds>(due - net::Clock::now());
        Answer answer = co_await exchange(std::move(*socket), question, left);
        co_return answer;
    }
    co_return last;
}

void OcspClient::interrupt() noexcept { active_.drain(); }

}  // namespace hsmfront::runtime
