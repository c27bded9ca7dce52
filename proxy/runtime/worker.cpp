#include "proxy/runtime/worker.hpp"

#include "proxy/log/component.hpp"
#include "proxy/net/errc.hpp"

#include <algorithm>
#include <exception>

namespace hsmfront::runtime {
namespace {

/// After an accept that failed for want of files or memory: others need time to end.
constexpr net::milliseconds accept_pause{100};
/// Connections accepted in a row before those that are there have their turn.
constexpr int turn = 4;

void refuse(net::Accepted& accepted) {
    if (log::net.writes(log::Level::debug)) {
        const std::string client = accepted.peer.address().to_string();
        log::Session(log::net, accepted.id, client).debug("refused: limit reached for {}", client);
    }
    error_code ignored;
    accepted.socket.set_option(net::asio::socket_base::linger(true, 0), ignored);
}

/// A balancer's health check may connect and leave: nothing that someone must look at.
void log_missing_header(const net::Accepted& accepted, const error_code& reason) {
    const bool left = reason == net::Errc::eof || reason == net::Errc::stopped;
    const std::string client = accepted.peer.address().to_string();
    log::Session(log::net, accepted.id, client)
        .write(
            left ? log::Level::info : log::Level::warn,
            "refused: no PROXY header from {}: {}",
            client,
            reason.message()
        );
}

}  // namespace

std::uint64_t ids_before(std::chrono::system_clock::time_point now) {
    constexpr std::chrono::sys_days epoch{std::chrono::year(2024) / 1 / 1};
    const auto age = std::chrono::floor<std::chrono::seconds>(now - epoch).count();
    // A clock that was never set is no reason not to serve.
    return static_cast<std::uint64_t>(std::max<std::int64_t>(age, 0)) * 100'000;
}

Worker::Worker(Admission& admission, std::atomic<std::uint64_t>& ids)
    : admission_(admission), ids_(ids) {}

Worker::~Worker() { join(); }

void Worker::start(std::function<void()> on_done) {
    thread_ = std::thread([this, on_done = std::move(on_done)] {
        net::spawn(executor(), run(), [this](const std::exception_ptr& error) {
            if (error) {
                std::rethrow_exception(error);
            }
            // Every session has ended. The services live on, and with them idle backend connections
            // whose timer would keep the loop going.
            loop_.stop();
        });
        net::Loop::of(executor()).run();
        on_done();
    });
}

net::Task<void> Worker::run() {
    co_await stop_.wait();
    co_await tasks_.join();
}

void Worker::accept(std::uint64_t id, net::Acceptor acceptor, Serve serve) {
    if (!sessions_.serving()) {
        return;  // the key came too late
    }
    doors_.push_back({id, net::Listener(std::move(acceptor)), std::move(serve)});
    tasks_.spawn(accept_loop(doors_.back()), "accept loop");
}

void Worker::stop_accepting(std::uint64_t id) {
    for (Door& door : doors_) {
        if (door.id != id || !door.listener.is_open()) {
            continue;
        }
        net::tcp::endpoint peer;
        while (Result<net::Socket> socket = door.listener.try_accept(peer)) {
            admit(std::move(*socket), peer, door.serve);
        }
        door.listener.leave();
    }
}

std::vector<Result<net::Descriptor>> Worker::sockets() const {
    std::vector<Result<net::Descriptor>> sockets;
    for (const Door& door : doors_) {
        if (door.listener.is_open()) {
            sockets.push_back(door.listener.duplicate());
        }
    }
    return sockets;
}

void Worker::leave_doors() {
    for (Door& door : doors_) {
        door.listener.leave();
    }
}

void Worker::retire() {
    leave_doors();
    sessions_.retire();
    stop_.notify();
}

net::Task<void> Worker::accept_loop(Door& door) {
    net::Listener& listener = door.listener;
    net::Event pause;
    int in_turn = 0;
    while (listener.is_open()) {
        net::tcp::endpoint peer;
        Result<net::Socket> socket = co_await listener.accept(peer);
        if (socket) {
            admit(std::move(*socket), peer, door.serve);
            if (++in_turn == turn) {
                in_turn = 0;
                co_await net::Yield();
            }
            continue;
        }
        const error_code ec = socket.error();
        if (!listener.is_open()) {
            break;
        }
        if (ec == net::asio::error::connection_aborted) {
            continue;
        }
        if (const auto count = failures_.note(); count != 0) {
            log::net.error(
                "cannot accept connections: {}; {} were turned away", ec.message(), count
            );
        }
        if (ec == boost::system::errc::too_many_files_open && spare_.turn_away(listener)) {
            continue;
        }
        co_await pause.wait_for(accept_pause);
    }
    doors_.remove_if([&door](const Door& one) { return &one == &door; });
}

void Worker::set_balancers(std::shared_ptr<const net::Balancers> balancers) {
    balancers_ = std::move(balancers);
}

void Worker::admit(net::Socket socket, net::tcp::endpoint from, const Serve& serve) {
    net::Accepted accepted{std::move(socket), from, {}, ids_.fetch_add(1) + 1};
    error_code ec;
    accepted.local = accepted.socket.local_endpoint(ec);
    if (ec) {
        return;  // gone already
    }
    const auto peer = accepted.peer.address();
    const bool relayed = balancers_->networks.contains(peer);
    auto slot = relayed ? admission_.admit() : admission_.admit(peer);
    if (!slot) {
        refuse(accepted);
    } else if (relayed) {
        tasks_.spawn(
            relayed_session(serve, std::move(accepted), std::move(*slot), balancers_), "session"
        );
    } else {
        tasks_.spawn(session(serve, std::move(accepted), std::move(*slot)), "session");
    }
}

net::Task<void> Worker::session(Serve serve, net::Accepted accepted, Admission::Slot slot) {
    static_cast<void>(slot);  // held until the session ends
    co_await serve(std::move(accepted));
}

net::Task<void> Worker::relayed_session(
    Serve serve,
    net::Accepted accepted,
    Admission::Slot slot,
    std::shared_ptr<const net::Balancers> balancers
) {
    const bool known = co_await identify(accepted, balancers->header_limit);
    if (!known) {
        co_return;
    }
    if (!slot.assign(accepted.peer.address())) {
        refuse(accepted);
        co_return;
    }
    co_await serve(std::move(accepted));
}

net::Task<bool> Worker::identify(net::Accepted& accepted, net::milliseconds limit) {
    net::SocketIo io(std::move(accepted.socket));
    Result<net::HeaderProgress> header = error_code{};
    {
        const net::SessionRegistry::Entry entry(sessions_, io);
        header = co_await net::receive_proxy_header(executor(), io, limit);
    }
    if (!header) {
        log_missing_header(accepted, header.error());
        io.reset();
        co_return false;
    }
    accepted.socket = io.release();
    accepted.via = net::Hop{accepted.peer, accepted.local};
    if (header->addresses) {
        accepted.peer = header->addresses->source;
        accepted.local = header->addresses->destination;
    }
    co_return true;
}

void Worker::drain() {
    leave_doors();
    sessions_.drain();
    stop_.notify();
}

void Worker::interrupt() { sessions_.interrupt_all(net::Errc::stopped); }

void Worker::join() {
    if (thread_.joinable()) {
        thread_.join();
    }
}

}  // namespace hsmfront::runtime
