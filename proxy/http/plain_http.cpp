#include "proxy/http/plain_http.hpp"

#include "proxy/http/errors.hpp"
#include "proxy/http/http1_session.hpp"
#include "proxy/net/tcp_stream.hpp"

#include <string>

namespace hsmfront::http {

net::Task<void> answer_plain_http(net::Socket socket, net::WorkerContext& worker) {
    net::TcpStream stream(std::move(socket));
    ClientConnection client(stream, worker);
    std::string out;
    append_plain_http_error(out);
    const error_code ec = co_await client.write(out);
    co_await end_connection(client, ec ? Next::abort : Next::close);
}

}  // namespace hsmfront::http
