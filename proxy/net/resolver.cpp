#include "proxy/net/resolver.hpp"

#include <atomic>
#include <string>

namespace hsmfront::net {
namespace {

std::atomic<std::size_t> lookups_under_way = 0;

}  // namespace

Task<Result<Endpoints>> Lookup::run() {
    const std::string port = std::to_string(target_.port);
    ++lookups_under_way;
    auto [error, results] = co_await resolver_.async_resolve(
        target_.address, port, asio::ip::resolver_base::numeric_service, as_tuple
    );
    --lookups_under_way;
    if (error) {
        co_return error;
    }
    co_return Endpoints(results.begin(), results.end());
}

std::size_t lookups() noexcept { return lookups_under_way; }

}  // namespace hsmfront::net
