// Why a connection's read, write or wait ended.
#pragma once

#include "config/result.hpp"

namespace hsmfront::net {

enum class Errc {
    eof = 1,     ///< clean end: FIN on TCP, close_notify on TLS
    truncated,   ///< TLS ended without close_notify (RFC 8446 §6.1)
    timed_out,   ///< a deadline of ours passed
    stopped,     ///< the proxy is stopping
    refused,     ///< a limit of ours was reached
    too_long,    ///< the peer sent more than the limit for one item
    protocol,    ///< the peer broke the protocol
    no_port,     ///< every port of the passive range is lent
    wrong_peer,  ///< a data connection came from another address
    tls_failed,  ///< TLS alert, bad record or failed handshake; details in the TLS layer's log
};

const boost::system::error_category& error_category() noexcept;

inline error_code make_error_code(Errc e) noexcept {
    return {static_cast<int>(e), error_category()};
}

}  // namespace hsmfront::net

template <>
struct boost::system::is_error_code_enum<hsmfront::net::Errc> : std::true_type {};
