// InheritedSockets: bound sockets that came from elsewhere, to be used where the configuration
// wants the same address.
#pragma once

#include "proxy/net/descriptor.hpp"
#include "proxy/net/executor.hpp"

#include <filesystem>
#include <vector>

namespace hsmfront::runtime {

/// From systemd (sd_listen_fds(3)), or the process whose place this one takes.
class InheritedSockets {
  public:
    InheritedSockets() = default;
    explicit InheritedSockets(std::vector<net::Descriptor> sockets);
    /// What LISTEN_FDS and LISTEN_PID tell of; both are removed from the environment.
    [[nodiscard]] static std::vector<net::Descriptor> of_service_manager();

    /// All that are bound to the address; empty: none is. Each is given away once.
    [[nodiscard]] std::vector<net::Descriptor> take(const net::tcp::endpoint& endpoint);
    /// Of a unix socket.
    [[nodiscard]] net::Descriptor take(const std::filesystem::path& path);
    /// Closes those that nobody took; their addresses, in words.
    [[nodiscard]] std::vector<std::string> close_rest();

  private:
    struct Socket {
        std::string address;  ///< as the system holds it
        net::Descriptor descriptor;
    };
    [[nodiscard]] std::vector<net::Descriptor> take(const std::string& address);

    std::vector<Socket> sockets_;
};

}  // namespace hsmfront::runtime
