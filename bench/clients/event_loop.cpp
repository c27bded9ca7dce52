#include "bench/clients/event_loop.hpp"

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <system_error>
#include <unistd.h>

namespace hsmfront::bench {
namespace {

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

EventLoop::EventLoop() : poll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (poll_ < 0) {
        fail("epoll_create1");
    }
}

EventLoop::~EventLoop() { ::close(poll_); }

void EventLoop::add(int fd, Actor& actor) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.ptr = &actor;
    if (::epoll_ctl(poll_, EPOLL_CTL_ADD, fd, &event) != 0) {
        fail("epoll_ctl");
    }
}

void EventLoop::dispatch(Clock::time_point until) {
    using std::chrono::nanoseconds;
    const auto left = std::max(nanoseconds(0), nanoseconds(until - Clock::now()));
    timespec wait{};
    wait.tv_sec = static_cast<time_t>(left.count() / 1'000'000'000);
    wait.tv_nsec = static_cast<long>(left.count() % 1'000'000'000);
    const int ready =
        ::epoll_pwait2(poll_, events_.data(), static_cast<int>(events_.size()), &wait, nullptr);
    for (int i = 0; i < ready; ++i) {
        static_cast<Actor*>(events_[static_cast<std::size_t>(i)].data.ptr)->proceed();
    }
}

}  // namespace hsmfront::bench
