// Server: how one process takes the place of another, at both ends.
#include "proxy/log/component.hpp"
#include "proxy/runtime/exit_code.hpp"
#include "proxy/runtime/server.hpp"

#include <boost/asio/post.hpp>

namespace hsmfront::runtime {

void Server::begin() {
    if (control_ != nullptr) {
        control_->serve();
    }
    if (admin_ != nullptr) {
        admin_->serve();
    }
    manager_->ready();
}

void Server::await_predecessor() {
    predecessor_->listen(
        main_,
        [this] {
            log::runtime.info("took over from the process of before");
            begin();
        },
        [this] {
            log::runtime.error("the process that this one was to take over from has given up");
            exit_code_ = exit_failed;
            begin_drain();
        }
    );
}

void Server::on_took_over(const certs::Loaded<void>& result) {
    if (ending_) {
        return;
    }
    if (result) {
        predecessor_->ready();
        return;
    }
    predecessor_->close();
    predecessor_->fail(result.error().message);
    log::runtime.error("cannot take over: {}", result.error().message);
    exit_code_ = exit_failed;
    begin_drain();
}

void Server::upgrade(const admin::ControlSocket::Reply& reply) {
    const auto refuse = [&reply](const std::string& why) {
        log::runtime.error("upgrade refused: {}", why);
        reply({false, "upgrade refused: " + why});
    };
    if (ending_) {
        return refuse("the service is stopping");
    }
    if (upgrading_) {
        return refuse("one is under way");
    }
    std::vector<net::Descriptor> sockets;
    const auto add = [&sockets](Result<net::Descriptor> socket) {
        if (socket) {
            sockets.push_back(std::move(*socket));
        }
    };
    if (control_ != nullptr) {
        add(control_->duplicate());
    }
    if (admin_ != nullptr) {
        add(admin_->duplicate());
    }
    upgrading_ = true;
    const auto successor = std::make_shared<Successor>(command_line_);
    configurator_->hand_over(
        successor,
        std::move(sockets),
        [this, successor, reply](const certs::Loaded<std::string>& result) {
            net::asio::post(main_, [this, successor, reply, result] {
                reply({result.has_value(), result ? *result : result.error().message});
                if (!result) {
                    upgrading_ = false;
                    return;
                }
                // Behind the answer: without sessions this process ends at once.
                net::asio::post(main_, [this, successor] {
                    upgrading_ = false;
                    ending_ ? successor->stop() : retire(*successor);
                });
            });
        }
    );
}

/// Sessions end when they want to, for at most shutdown.retire.
void Server::retire(Successor& successor) {
    retired_ = true;
    ending_ = true;
    if (control_ != nullptr) {
        control_->leave();
    }
    if (admin_ != nullptr) {
        admin_->leave();
    }
    manager_->pass_on(successor.pid());
    successor.go();
    configurator_->request_stop();
    for (const auto& worker : workers_) {
        worker->post([&worker = *worker] { worker.retire(); });
    }
    later(settings_->retire, [this] {
        if (!draining_) {
            end_sessions();
        }
    });
}

}  // namespace hsmfront::runtime
