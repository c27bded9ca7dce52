// TCP keepalive, for both control connections.
#pragma once

#include "proxy/net/socket.hpp"

namespace hsmfront::ftp {

/// After one silent minute: a control connection says nothing during a long transfer, and many NATs
/// forget such connections within minutes.
void set_keepalive(net::Socket& socket);

}  // namespace hsmfront::ftp
