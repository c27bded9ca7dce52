// The types that every session uses: one worker is one thread with one io_context, so nothing here
// needs a strand and a coroutine never changes its thread.
#pragma once

#include "proxy/net/task.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>

namespace hsmfront::net {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

using Executor = asio::io_context::executor_type;

using Acceptor = asio::basic_socket_acceptor<tcp, Executor>;
using Timer = asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Executor>;

/// Completion token: the awaited operation yields `std::tuple<error_code, …>` and never throws.
inline constexpr asio::as_tuple_t<asio::deferred_t> as_tuple{asio::deferred};

}  // namespace hsmfront::net
