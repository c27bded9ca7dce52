// Loop: runs one coroutine on an io_context of its own until nothing is left to do.
#pragma once

#include "proxy/net/socket.hpp"

#include <gtest/gtest.h>

#include <exception>
#include <utility>

namespace hsmfront::net::test {

class Loop {
  public:
    [[nodiscard]] Executor executor() { return context_.get_executor(); }

    void run(Task<void> task) {
        spawn(executor(), std::move(task), [](const std::exception_ptr& error) {
            EXPECT_FALSE(error);
        });
        context_.restart();
        context_.run();
    }

    using AsioSocket = asio::basic_stream_socket<tcp, Executor>;
    /// Two ends of one loopback connection.
    [[nodiscard]] std::pair<AsioSocket, AsioSocket> socket_pair() {
        Acceptor acceptor(executor(), {asio::ip::address_v4::loopback(), 0});
        AsioSocket client(executor());
        client.connect(acceptor.local_endpoint());
        AsioSocket server = acceptor.accept();
        return {std::move(client), std::move(server)};
    }

  private:
    asio::io_context context_{1};
};

}  // namespace hsmfront::net::test
