#include "proxy/admin/control_client.hpp"

#include "certs/errc.hpp"
#include "proxy/net/executor.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <string>

namespace hsmfront::admin {
namespace {

using certs::Failure;

Failure failure(const std::filesystem::path& socket, const error_code& ec) {
    const bool nobody = ec == net::asio::error::connection_refused ||
                        ec == boost::system::errc::no_such_file_or_directory;
    const bool forbidden = ec == boost::system::errc::permission_denied;
    return {
        ec,
        "admin.socket " + socket.string() + ": " + ec.message() +
            (nobody      ? "; is the service running with this configuration?"
             : forbidden ? "; only root and the service's user may ask"
                         : "")};
}

}  // namespace

certs::Loaded<ControlReply> ask(
    const std::filesystem::path& socket, Verb verb, const certs::Secret& pin
) {
    net::asio::io_context context{1};
    net::asio::basic_stream_socket<net::asio::local::stream_protocol, net::Executor> connection(
        context
    );
    error_code ec;
    (void)connection.connect(net::asio::local::stream_protocol::endpoint(socket.string()), ec);
    if (ec) {
        return failure(socket, ec);
    }
    const std::string head = request_head(verb, pin.bytes().size());
    const std::array<net::asio::const_buffer, 2> request{
        net::asio::buffer(head), net::asio::buffer(pin.bytes().data(), pin.bytes().size())};
    net::asio::write(connection, request, ec);
    if (ec) {
        return failure(socket, ec);
    }
    std::string bytes;
    net::asio::read(connection, net::asio::dynamic_buffer(bytes), ec);
    if (ec != net::asio::error::eof) {
        return failure(socket, ec);
    }
    auto reply = parse_answer(bytes);
    if (!reply) {
        return Failure{
            make_error_code(certs::Errc::file_malformed),
            "admin.socket " + socket.string() + ": the service closed without an answer"};
    }
    return *std::move(reply);
}

}  // namespace hsmfront::admin
