#include "proxy/runtime/service_manager.hpp"

#include <spdlog/fmt/fmt.h>

#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

namespace hsmfront::runtime {
namespace {

std::string_view variable(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? std::string_view{} : std::string_view(value);
}

std::optional<long> number(std::string_view text) {
    long value = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = error == std::errc{} && stop == text.data() + text.size();
    return whole && value > 0 ? std::optional(value) : std::nullopt;
}

/// Half of the time after which the manager takes us for dead.
std::optional<std::chrono::microseconds> proof_interval() {
    const auto limit = number(variable("WATCHDOG_USEC"));
    const auto whose = number(variable("WATCHDOG_PID"));
    if (!limit || (whose && *whose != ::getpid())) {
        return std::nullopt;
    }
    return std::chrono::microseconds(*limit / 2);
}

}  // namespace

ServiceManager::ServiceManager(
    net::asio::io_context& context, std::span<const std::unique_ptr<Worker>> workers
)
    : workers_(workers),
      socket_(variable("NOTIFY_SOCKET")),
      interval_(proof_interval()),
      timer_(context) {}

void ServiceManager::ready() {
    notify("READY=1\nSTATUS=");
    if (interval_ && !socket_.empty() && !std::exchange(proving_, true)) {
        prove();
    }
}

void ServiceManager::reloading() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    notify(fmt::format(
        "RELOADING=1\nMONOTONIC_USEC={}",
        static_cast<long long>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000
    ));
}

void ServiceManager::stopping() {
    stopping_ = true;
    notify("STOPPING=1\nSTATUS=sessions may end");
}

void ServiceManager::pass_on(pid_t pid) {
    notify(fmt::format("MAINPID={}", pid));
    end();
}

void ServiceManager::end() {
    proving_ = false;
    timer_.cancel();
}

void ServiceManager::prove() {
    if (stopping_ || answers_ == nullptr || answers_->load() == workers_.size()) {
        notify("WATCHDOG=1");
        answers_ = std::make_shared<std::atomic<std::size_t>>(0);
        for (const auto& worker : workers_) {
            worker->post([answers = answers_] { ++*answers; });
        }
    }
    timer_.expires_after(*interval_);
    timer_.async_wait([this](const error_code& ec) {
        if (!ec && proving_) {
            prove();
        }
    });
}

/// Nobody who listens is no reason not to serve.
void ServiceManager::notify(std::string_view state) const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (socket_.empty() || socket_.size() >= sizeof address.sun_path) {
        return;
    }
    std::memcpy(address.sun_path, socket_.data(), socket_.size());
    if (address.sun_path[0] == '@') {
        address.sun_path[0] = '\0';  // the abstract namespace (unix(7))
    }
    const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0) {
        const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
        (void)::sendto(
            fd,
            state.data(),
            state.size(),
            MSG_NOSIGNAL,
            reinterpret_cast<const sockaddr*>(&address),
            size
        );
        ::close(fd);
    }
}

}  // namespace hsmfront::runtime
