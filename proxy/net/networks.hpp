// Networks: address ranges, such as those whose forwarding fields or PROXY headers are believed.
#pragma once

#include <boost/asio/ip/address.hpp>

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hsmfront::net {

/// Immutable. IPv4 addresses mapped into IPv6 count as IPv4.
class Networks {
  public:
    /// "192.0.2.0/24", "2001:db8::/32", or one address. Malformed entries match nothing: the
    /// configuration was validated before.
    Networks() = default;
    explicit Networks(const std::vector<std::string>& entries);

    [[nodiscard]] bool contains(const boost::asio::ip::address& address) const;

  private:
    struct Network {
        std::array<unsigned char, 16> bytes;
        unsigned prefix;
    };
    [[nodiscard]] static std::optional<Network> parse(std::string_view text);

    std::vector<Network> networks_;
};

/// An IPv4 address mapped into IPv6 as IPv4; others without their scope.
[[nodiscard]] boost::asio::ip::address unmapped(const boost::asio::ip::address& address);

}  // namespace hsmfront::net
