#include "proxy/admin/socket_owner.hpp"

#include <boost/asio/local/stream_protocol.hpp>

#include <cerrno>
#include <pwd.h>
#include <sys/un.h>
#include <unistd.h>

namespace hsmfront::admin {

error_code give_to(const std::filesystem::path& path, const std::string& owner) {
    const passwd* entry = owner.empty() ? nullptr : ::getpwnam(owner.c_str());
    if (entry != nullptr && ::chown(path.c_str(), entry->pw_uid, entry->pw_gid) != 0) {
        return {errno, boost::system::system_category()};
    }
    return {};
}

error_code remove_left_over(net::asio::io_context& context, const std::filesystem::path& path) {
    using Local = net::asio::local::stream_protocol;
    if (path.string().size() >= sizeof(sockaddr_un::sun_path)) {
        return make_error_code(boost::system::errc::filename_too_long);
    }
    error_code ec;
    Local::socket probe(context);
    probe.connect(Local::endpoint(path.string()), ec);
    if (!ec) {
        return make_error_code(boost::system::errc::address_in_use);
    }
    // Connecting to a file that is no socket is refused too; that one is not ours.
    std::error_code ignored;
    if (ec == net::asio::error::connection_refused && std::filesystem::is_socket(path, ignored)) {
        (void)::unlink(path.c_str());  // left over by one that was killed
    }
    return {};
}

}  // namespace hsmfront::admin
