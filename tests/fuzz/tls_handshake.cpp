// Fuzz target: a client's first flight before the whole server side, callbacks and all. The first
// byte says what kind of connection it is.
#include "proxy/tls/context.hpp"
#include "proxy/tls/stream.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/support/test_ca.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <exception>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

namespace hsmfront::fuzz {
namespace {

constexpr std::chrono::seconds limit{5};  // never reached: the client's side is closed

std::shared_ptr<const tls::Context> make_context(
    std::vector<tls::NamedContext> hosts, bool strict = false
) {
    auto key = test::make_key("P-256");
    certs::Chain chain;
    chain.certificates.push_back(test::TestCa().issue(key.get(), "localhost"));
    tls::Context::Options options;
    options.tls.strict_sni = strict;
    options.alpn = {"h2", "http/1.1"};
    options.data_alpn = {"ftp-data", "ftp"};
    options.session_ids = true;
    options.protocol = "fuzz";
    options.hosts = std::move(hosts);
    const auto identity = std::make_shared<const tls::Identity>(tls::Identity{
        "fuzz", std::move(chain), std::move(key)});
    auto context = tls::Context::create(options, {identity});
    require(context.has_value(), "a context is made");
    return *context;
}

/// One that serves every name, and one that does not.
const std::shared_ptr<const tls::Context>& context(bool strict) {
    static const std::vector<tls::NamedContext> hosts{
        {"a.example", make_context({})}, {"*.b.example", make_context({})}};
    static const std::array made{make_context(hosts), make_context(hosts, true)};
    return made.at(strict ? 1 : 0);
}

tls::StreamOptions options_of(unsigned char kind) {
    tls::StreamOptions options;
    options.data_connection = (kind & 1U) != 0;
    options.read_ahead = (kind & 2U) != 0;
    options.send_tickets = (kind & 4U) != 0;
    if ((kind & 8U) != 0) {
        options.tag = tls::SessionTag{};
    }
    return options;
}

net::Task<void> serve(net::Socket socket, unsigned char kind) {
    tls::Stream stream(std::move(socket), context((kind & 16U) != 0), options_of(kind));
    const error_code ec = co_await stream.handshake(limit);
    require(static_cast<bool>(ec), "a first flight alone is no handshake");
    const std::string line = stream.failure_line();
    require(stream.cause().has_value(), "a failure has a cause");
    require(stream.cause() != tls::HandshakeCause::timed_out, "the end is seen at once");
    require(line.size() < 8192, "a log line is bounded");
    require(
        std::ranges::all_of(line, [](char c) { return c >= ' ' && c <= '~'; }),
        "a log line is printable"
    );
}

struct Pair {
    int ours = -1;
    int clients = -1;
};

Pair connected(std::string_view bytes) {
    std::array<int, 2> ends{};
    require(
        ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) == 0,
        "there are sockets"
    );
    const auto sent = ::send(ends[1], bytes.data(), bytes.size(), MSG_NOSIGNAL);
    require(sent == static_cast<ssize_t>(bytes.size()), "an input fits into a socket");
    ::shutdown(ends[1], SHUT_WR);
    return {ends[0], ends[1]};
}

}  // namespace
}  // namespace hsmfront::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hsmfront;
    if (size == 0) {
        return 0;
    }
    const auto pair = fuzz::connected({reinterpret_cast<const char*>(data) + 1, size - 1});
    net::asio::io_context loop{1};
    net::Socket socket(loop.get_executor(), pair.ours);
    std::exception_ptr thrown;
    net::spawn(
        loop.get_executor(),
        fuzz::serve(std::move(socket), data[0]),
        [&thrown](const std::exception_ptr& error) { thrown = error; }
    );
    loop.run();
    ::close(pair.clients);
    if (thrown) {
        std::rethrow_exception(thrown);
    }
    return 0;
}
