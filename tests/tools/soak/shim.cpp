#include "tests/tools/soak/shim.hpp"

#include <array>
#include <cstdio>
#include <limits>
#include <memory>
#include <poll.h>
#include <string>
#include <thread>
#include <utility>

namespace soak {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t never = std::numeric_limits<std::size_t>::max();
constexpr auto stall = 1500ms;

enum class Moved { bytes, end, broken };

/// One piece from `from` to `to`; `edit` may change it.
template <class Edit>
Moved move_piece(const Socket& from, const Socket& to, std::size_t& total, Edit edit) {
    std::array<char, 65536> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init)
    const ssize_t n = ::recv(from.fd(), buffer.data(), buffer.size(), 0);
    if (n <= 0) {
        return n == 0 ? Moved::end : Moved::broken;
    }
    std::string text(buffer.data(), static_cast<std::size_t>(n));
    total += text.size();
    edit(text);
    for (std::size_t at = 0; at < text.size();) {
        const ssize_t sent = ::send(to.fd(), text.data() + at, text.size() - at, MSG_NOSIGNAL);
        if (sent <= 0) {
            return Moved::broken;
        }
        at += static_cast<std::size_t>(sent);
    }
    return Moved::bytes;
}

}  // namespace

Shim::Shim(std::uint16_t port, std::uint16_t backend, std::uint64_t seed)
    : listener_(listen_at(AF_INET, port)),
      backend_(backend),
      random_(seed),
      acceptor_([this] { accept(); }) {}

Shim::~Shim() {
    stop_ = true;
    ::shutdown(listener_.fd(), SHUT_RDWR);  // ends accept()
    acceptor_.join();
    std::unique_lock lock(mutex_);
    ended_.wait(lock, [this] { return running_ == 0; });
}

void Shim::accept() {
    while (!stop_) {
        Socket proxy = accept_from(listener_);
        if (proxy.open()) {
            auto socket = std::make_shared<Socket>(std::move(proxy));
            spawn([this, socket] { relay(*socket, backend_, Kind::control); });
        }
    }
}

void Shim::spawn(std::function<void()> task) {
    const std::scoped_lock lock(mutex_);
    ++running_;
    std::thread([this, task = std::move(task)]() mutable {
        task();
        task = nullptr;  // closes its sockets
        const std::scoped_lock done(mutex_);
        --running_;
        ended_.notify_all();
    }).detach();
}

Shim::Fate Shim::fate(Kind kind) {
    const std::scoped_lock lock(mutex_);
    const auto one_in = [this](unsigned count) { return random_() % count == 0; };
    if (calm_) {
        return {never, never};
    }
    if (kind == Kind::control) {
        return {one_in(12) ? random_() % 2000 : never, one_in(40) ? random_() % 1000 : never};
    }
    const std::size_t scale = std::size_t{1} << (random_() % 22);
    return {one_in(12) ? random_() % scale : never, one_in(40) ? random_() % scale : never};
}

/// One connection; none if it does not come, since a client may change its mind.
Socket Shim::accept_data(const Socket& listener) const {
    pollfd waiting{listener.fd(), POLLIN, 0};
    constexpr int step = 100;
    for (int left = 30'000; left > 0 && !stop_; left -= step) {
        if (::poll(&waiting, 1, step) > 0) {
            return accept_from(listener);
        }
    }
    return Socket{};
}

void Shim::relay(Socket& proxy, std::uint16_t port, Kind kind) {
    Socket server = connect_to(AF_INET, port);
    if (!server.open()) {
        proxy.reset();
        return;
    }
    Fate left = fate(kind);
    std::size_t total = 0;
    const auto pass = [](std::string&) {};
    const auto lend = [this, kind](std::string& text) {
        if (kind == Kind::control) {
            lend_data_port(text);
        }
    };
    std::array<pollfd, 2> ends{{{proxy.fd(), POLLIN, 0}, {server.fd(), POLLIN, 0}}};
    while (ends[0].fd >= 0 || ends[1].fd >= 0) {
        ::poll(ends.data(), ends.size(), -1);
        for (std::size_t i = 0; i < ends.size(); ++i) {
            if (ends[i].fd < 0 || ends[i].revents == 0) {
                continue;
            }
            const Moved moved = i == 0 ? move_piece(proxy, server, total, pass)
                                       : move_piece(server, proxy, total, lend);
            const bool cut = total > left.cut_after;
            if (moved == Moved::broken || cut) {
                (kind == Kind::control ? control_cuts_ : data_cuts_) += cut ? 1 : 0;
                proxy.reset();
                server.reset();
                return;
            }
            if (moved == Moved::end) {
                ends[i].fd = -1;
                ::shutdown(i == 0 ? server.fd() : proxy.fd(), SHUT_WR);
            }
        }
        if (total > left.stall_after) {
            left.stall_after = never;
            std::this_thread::sleep_for(stall);
        }
    }
}

/// vsftpd sends each reply in one piece.
void Shim::lend_data_port(std::string& reply) {
    const auto at = reply.find("229 ");
    unsigned port = 0;
    if (at == std::string::npos ||
        std::sscanf(reply.c_str() + at, "229 %*[^(](|||%u|)", &port) != 1) {
        return;
    }
    auto listener = std::make_shared<Socket>(listen_at(AF_INET));
    reply = reply.substr(0, at) + "229 Shim (|||" + std::to_string(port_of(*listener)) + "|)\r\n";
    spawn([this, port, listener] {
        Socket proxy = accept_data(*listener);
        listener->close();
        if (proxy.open()) {
            ++data_connections_;
            relay(proxy, static_cast<std::uint16_t>(port), Kind::data);
        }
    });
}

}  // namespace soak
