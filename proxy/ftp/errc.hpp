// What can be wrong with a line, a command's argument or a reply.
#pragma once

#include "config/result.hpp"

namespace hsmfront::ftp {

enum class Errc {
    bare_lf = 1,         ///< LF without CR before it
    bare_cr,             ///< CR without LF behind it
    nul,                 ///< NUL byte in a command line
    line_too_long,       ///< longer than the limit for one line
    bad_reply,           ///< no three-digit code, or another separator behind it
    changed_code,        ///< a multi-line reply changed its code on the way (RFC 959 §4.2)
    hidden_reply,        ///< a line holds a bare CR or LF and behind it what looks like a reply
    reply_too_long,      ///< more bytes than the limit for one reply
    bad_argument,        ///< an address or port that is none
    unsupported_family,  ///< EPRT or EPSV with an unknown network protocol (RFC 2428)
};

const boost::system::error_category& error_category() noexcept;

inline error_code make_error_code(Errc e) noexcept {
    return {static_cast<int>(e), error_category()};
}

}  // namespace hsmfront::ftp

template <>
struct boost::system::is_error_code_enum<hsmfront::ftp::Errc> : std::true_type {};
