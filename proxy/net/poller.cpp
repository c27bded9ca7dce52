#include "proxy/net/poller.hpp"

#include "proxy/net/loop.hpp"

#include <boost/asio/post.hpp>

#include <array>
#include <cerrno>
#include <sys/epoll.h>
#include <system_error>
#include <unistd.h>

namespace hsmfront::net {
namespace {

constexpr std::size_t most_events = 128;
/// After so many events at once it is likely that others have come meanwhile.
constexpr int busy = 3;
/// Looks in a row before the rest of the loop has its turn.
constexpr int most_looks = 4;

int make_epoll() {
    const int fd = ::epoll_create1(EPOLL_CLOEXEC);
    if (fd < 0) {
        throw std::system_error(errno, std::system_category(), "epoll_create1");
    }
    return fd;
}

void wake_all(WaiterList& waiters) noexcept {
    while (!waiters.empty()) {
        waiters.front().wake();
    }
}

}  // namespace

Poller::Poller(Loop& loop, const Executor& executor)
    : loop_(loop), epoll_(executor, make_epoll()) {}

error_code Poller::add(Watched& watched) noexcept {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.ptr = &watched;
    if (::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_ADD, watched.fd(), &event) != 0) {
        return {errno, boost::system::system_category()};
    }
    watched.added_ = true;
    return {};
}

void Poller::remove(Watched& watched) noexcept {
    if (watched.added_) {
        (void)::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_DEL, watched.fd(), nullptr);
        watched.added_ = false;
    }
}

void Poller::wait() {
    wanted_ = true;
    if (!set_ && !taken_over_) {
        set();
    }
}

void Poller::rest() noexcept {
    wanted_ = false;
    error_code ignored;
    epoll_.cancel(ignored);
}

void Poller::set() {
    set_ = true;
    epoll_.async_wait(boost::asio::posix::descriptor_base::wait_read, [this](const error_code&) {
        on_ready();
    });
}

void Poller::on_ready() {
    set_ = false;
    int found = 0;
    for (int looks = 0; looks < most_looks; ++looks) {
        found = look(0);
        loop_.resume_woken();
        if (found < busy) {
            break;
        }
    }
    if (!wanted_ || set_ || taken_over_) {
        return;
    }
    if (found < busy) {
        set();
    } else {
        set_ = true;
        boost::asio::post(epoll_.get_executor(), [this] { on_ready(); });
    }
}

int Poller::look(int patience) noexcept {
    std::array<epoll_event, most_events> events;
    const int count = ::epoll_wait(
        epoll_.native_handle(), events.data(), static_cast<int>(events.size()), patience
    );
    for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        static_cast<Watched*>(event.data.ptr)->mark(event.events);
    }
    return count;
}

void Watched::mark(unsigned events) noexcept {
    broken_ = broken_ || (events & (EPOLLHUP | EPOLLERR)) != 0;
    hung_up_ = hung_up_ || broken_ || (events & EPOLLRDHUP) != 0;
    if (hung_up_ || (events & EPOLLIN) != 0) {
        readable_ = true;
        wake_all(readers_);
    }
    if (broken_ || (events & EPOLLOUT) != 0) {
        writable_ = true;
        wake_all(writers_);
    }
}

void Watched::exhausted(Direction direction) noexcept {
    if (direction == Direction::write) {
        writable_ = broken_;
    } else {
        readable_ = hung_up_;
    }
}

void Watched::wake() noexcept {
    wake_all(readers_);
    wake_all(writers_);
}

void Watched::close() noexcept {
    if (fd_ >= 0) {
        ::close(fd_);
        fd_ = -1;
        wake();
    }
}

bool Watched::Wait::ready() const noexcept {
    return watched_.fd_ < 0 || (watched_.added_ && watched_.ready(direction_));
}

bool Watched::Wait::suspend(std::coroutine_handle<> coroutine, Loop& loop) noexcept {
    if (!watched_.added_) {
        error_ = loop.poller().add(watched_);
        if (error_) {
            return false;
        }
    }
    waiter_.suspend(coroutine, loop);
    (direction_ == Direction::read ? watched_.readers_ : watched_.writers_).push_back(waiter_);
    loop.poller().wait();
    return true;
}

}  // namespace hsmfront::net
