#include "session_stage.hpp"

#include "proxy/ftp/endpoint.hpp"
#include "proxy/net/connector.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <thread>

namespace hsmfront::ftp::test {
namespace {

using namespace std::chrono_literals;

}  // namespace

net::Task<std::string> Peer::line() {
    auto [ec, length] = co_await net::asio::async_read_until(
        socket_, net::asio::dynamic_buffer(buffer_), "\r\n", net::as_tuple
    );
    if (ec) {
        co_return ec == net::asio::error::eof ? "<closed>" : "<reset>";
    }
    std::string text = buffer_.substr(0, length - 2);
    buffer_.erase(0, length);
    co_return text;
}

net::Task<void> Peer::send(std::string_view text) {
    co_await net::asio::async_write(socket_, net::asio::buffer(text), net::as_tuple);
}

net::Task<Peer::Rest> Peer::rest() {
    Rest result;
    result.bytes = buffer_.size();
    std::array<char, 65536> piece{};
    for (;;) {
        auto [ec, bytes] =
            co_await socket_.async_read_some(net::asio::buffer(piece), net::as_tuple);
        result.bytes += bytes;
        if (ec) {
            result.clean = ec == net::asio::error::eof;
            co_return result;
        }
    }
}

void Peer::close() { socket_.close(); }

void Peer::reset() {
    socket_.set_option(net::asio::socket_base::linger(true, 0));
    socket_.close();
}

SessionStage::SessionStage()
    : front_(listen()), backend_control_(listen()), backend_data_acceptor_(listen()) {
    auto& ftp = settings();
    ftp.listen.emplace_back();
    ftp.require_tls_control = false;
    ftp.require_tls_data = false;
    ftp.backend.endpoint = {"127.0.0.1", backend_control_.local_endpoint().port()};
}

net::Acceptor SessionStage::listen() {
    return {loop_.get_executor(), {net::asio::ip::address_v4::loopback(), 0}};
}

void SessionStage::play(Scene scene) {
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->settings = settings_;
    snapshot->tls.emplace_back();
    snapshot->balancers = balancers;
    const std::uint16_t first = std::min<std::uint16_t>(port(), 65000);
    snapshot->passive_ports = std::make_shared<net::PortRange>(config::PortRange{
        first, static_cast<std::uint16_t>(first + 100)});
    snapshot->logins = std::make_shared<LoginThrottle>(config::Rate{});
    service_ = std::make_unique<Service>(worker_, snapshot, std::make_shared<Traffic>());
    tasks_.spawn(accept_client(), "accept");
    tasks_.spawn(run(scene), "scene");
    loop_.run_for(10s);
    ASSERT_TRUE(finished_) << "the scene hangs";
    ASSERT_EQ(tasks_.size(), 0U) << "the session hangs";
    EXPECT_EQ(sessions_.size(), 0U);
    EXPECT_EQ(buffers_.lent(), 0U);
}

net::Task<void> SessionStage::run(Scene scene) {
    co_await scene(*this);
    client.reset();
    backend.reset();
    client_data.reset();
    backend_data.reset();
    finished_ = true;
}

net::Task<void> SessionStage::accept_client() {
    auto [ec, socket] = co_await front_.async_accept(net::as_tuple);
    net::Accepted accepted{std::move(socket), {}, {}, 1};
    accepted.peer = accepted.socket.remote_endpoint(ec);
    accepted.local = accepted.socket.local_endpoint(ec);
    if (client_header) {
        accepted.via = net::Hop{accepted.peer, accepted.local};
        accepted.peer = client_header->source;
        accepted.local = client_header->destination;
    }
    co_await service_->serve(std::move(accepted), 0);
}

net::Task<Peer> SessionStage::connect(std::uint16_t port, std::string_view source) {
    const auto executor = loop_.get_executor();
    const net::tcp::endpoint target(net::asio::ip::address_v4::loopback(), port);
    const net::tcp::endpoint from(net::asio::ip::make_address(std::string{source}), 0);
    Peer::Socket socket(executor);
    socket.open(target.protocol());
    socket.bind(from);
    const auto [ec] = co_await socket.async_connect(target, net::as_tuple);
    EXPECT_FALSE(ec) << ec.message();
    co_return Peer{std::move(socket)};
}

net::Task<Peer> SessionStage::accept_backend() {
    auto [ec, socket] = co_await backend_control_.async_accept(net::as_tuple);
    EXPECT_FALSE(ec);
    co_return Peer{std::move(socket)};
}

net::Task<Peer> SessionStage::accept_backend_data() {
    auto [ec, socket] = co_await backend_data_acceptor_.async_accept(net::as_tuple);
    EXPECT_FALSE(ec);
    co_return Peer{std::move(socket)};
}

std::uint16_t SessionStage::port() const { return front_.local_endpoint().port(); }

std::uint16_t SessionStage::backend_data_port() const {
    return backend_data_acceptor_.local_endpoint().port();
}

net::Task<std::string> SessionStage::ask(std::string_view line) {
    const std::string wire = std::string{line} + "\r\n";
    co_await client->send(wire);
    std::string answer = co_await client->line();
    co_return answer;
}

net::Task<void> SessionStage::log_in() {
    Peer front = co_await connect(port());
    client = std::make_unique<Peer>(std::move(front));
    Peer behind = co_await accept_backend();
    backend = std::make_unique<Peer>(std::move(behind));
    co_await backend->send("220 backend\r\n");
    const std::string greeting = co_await client->line();
    EXPECT_EQ(greeting, "220 backend");
    co_await client->send("USER ann\r\n");
    const std::string user = co_await backend->line();
    EXPECT_EQ(user, "USER ann");
    co_await backend->send("230 in\r\n");
    const std::string granted = co_await client->line();
    EXPECT_EQ(granted, "230 in");
}

net::Task<std::uint16_t> SessionStage::passive() {
    co_await client->send("EPSV\r\n");
    const std::string asked = co_await backend->line();
    EXPECT_EQ(asked, "EPSV");
    const std::string told = "229 ok (|||" + std::to_string(backend_data_port()) + "|)\r\n";
    co_await backend->send(told);
    const std::string answer = co_await client->line();
    const auto told_port = parse_epsv_reply(answer);
    EXPECT_TRUE(told_port) << answer;
    co_return told_port ? *told_port : std::uint16_t{0};
}

net::Task<void> SessionStage::start(std::string_view command) {
    const std::uint16_t data_port = co_await passive();
    const std::string wire = std::string{command} + "\r\n";
    co_await client->send(wire);
    Peer behind = co_await accept_backend_data();
    backend_data = std::make_unique<Peer>(std::move(behind));
    const std::string relayed = co_await backend->line();
    EXPECT_EQ(relayed, command);
    co_await backend->send("150 here\r\n");
    const std::string preliminary = co_await client->line();
    EXPECT_EQ(preliminary, "150 here");
    // After the 150, as some clients do.
    Peer front = co_await connect(data_port);
    client_data = std::make_unique<Peer>(std::move(front));
}

}  // namespace hsmfront::ftp::test
