#include "proxy/ftp/service.hpp"

#include "proxy/ftp/control_session.hpp"
#include "proxy/log/component.hpp"

#include <utility>

namespace hsmfront::ftp {

Service::Service(
    net::WorkerContext& worker,
    std::shared_ptr<const Snapshot> snapshot,
    std::shared_ptr<Traffic> traffic
)
    : worker_(worker), snapshot_(std::move(snapshot)), traffic_(std::move(traffic)) {}

net::Task<void> Service::serve(net::Accepted accepted, std::size_t listener) {
    const std::uint64_t id = accepted.id;
    try {
        ControlSession session(worker_, snapshot_, *traffic_, std::move(accepted), listener);
        co_await session.run();
    } catch (const std::exception& error) {
        log::Session(log::ftp, id, {}).error("ftps: internal error: {}", error.what());
    }
}

}  // namespace hsmfront::ftp
