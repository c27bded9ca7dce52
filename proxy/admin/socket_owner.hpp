// Unix sockets of the service: whose they are, and those that a killed service left behind.
#pragma once

#include "proxy/net/executor.hpp"
#include "proxy/net/transport.hpp"

#include <filesystem>
#include <string>

namespace hsmfront::admin {

/// Makes `path` that of the user `owner`; nothing to do if there is no such user.
[[nodiscard]] error_code give_to(const std::filesystem::path& path, const std::string& owner);

/// Removes the socket at `path` if nobody listens on it. address_in_use: somebody does. Anything
/// that is no socket stays where it is.
[[nodiscard]] error_code remove_left_over(
    net::asio::io_context& context, const std::filesystem::path& path
);

}  // namespace hsmfront::admin
