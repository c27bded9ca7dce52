#include "proxy/net/proxy_intake.hpp"

#include "proxy/net/deadline.hpp"
#include "proxy/net/errc.hpp"

#include <array>
#include <cerrno>
#include <span>
#include <sys/socket.h>

namespace hsmfront::net {
namespace {

/// What recv(2) gives, or why it gives nothing; `would_block` when there is nothing yet.
Result<std::string_view> receive(int fd, std::span<char> space, int flags) {
    const ssize_t n = ::recv(fd, space.data(), space.size(), flags);
    if (n > 0) {
        return std::string_view{space.data(), static_cast<std::size_t>(n)};
    }
    return n == 0 ? make_error_code(Errc::eof)
                  : error_code{errno, boost::system::system_category()};
}

/// One step: looks at what has arrived behind `header` and takes of it what belongs to the header.
Result<HeaderProgress> advance(int fd, std::string& header) {
    std::array<char, max_proxy_header> space{};
    const std::size_t before = header.size();
    const auto seen = receive(fd, {space.data(), space.size() - before}, MSG_PEEK);
    if (!seen) {
        return seen.error();
    }
    header += *seen;
    const auto progress = parse_proxy_header(header);
    if (!progress) {
        return progress;
    }
    if (progress->complete) {
        header.resize(progress->length);
    }
    const std::size_t ours = header.size() - before;
    const auto taken = receive(fd, {space.data(), ours}, 0);
    if (!taken) {
        return taken.error();
    }
    return progress;
}

}  // namespace

Task<Result<HeaderProgress>> receive_proxy_header(
    Executor executor, SocketIo& io, milliseconds limit
) {
    const Deadline deadline(executor, {&io}, limit);
    std::string header;
    for (;;) {
        const error_code ec = co_await io.wait(Direction::read);
        if (ec) {
            co_return ec;
        }
        Result<HeaderProgress> progress = advance(io.fd(), header);
        const bool more = progress ? !progress->complete
                                   : progress.error() == boost::system::errc::operation_would_block;
        if (!more) {
            co_return progress;
        }
        if (!progress) {
            io.exhausted(Direction::read);
        }
    }
}

}  // namespace hsmfront::net
