#include "proxy/ftp/passive_address.hpp"

#include "proxy/net/networks.hpp"

#include <algorithm>

namespace hsmfront::ftp {

std::optional<net::asio::ip::address_v4> passive_address(
    const config::FtpData& settings,
    const net::asio::ip::address& client,
    const net::asio::ip::address& local
) {
    const auto dialled = net::unmapped(local);
    if (!dialled.is_v4()) {
        return std::nullopt;
    }
    const auto& rules = settings.passive_rules;
    const auto rule = std::find_if(rules.begin(), rules.end(), [&](const auto& one) {
        return net::Networks(one.clients).contains(client);
    });
    const std::string& text = rule == rules.end() ? settings.passive_address : rule->address;
    error_code automatic;
    const auto configured = net::asio::ip::make_address_v4(text, automatic);
    return automatic ? dialled.to_v4() : configured;
}

}  // namespace hsmfront::ftp
