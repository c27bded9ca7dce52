// What we do with each command: the table behind the dialogue.
#pragma once

#include <cstddef>
#include <string_view>

namespace hsmfront::ftp {

/// Who deals with a command. The order is that of the dialogue's handlers.
enum class Role {
    forward,  ///< to the backend as it came; also every command unknown to us
    invalid,  ///< not a command
    http,     ///< somebody speaks HTTP to the control connection (ALPACA)
    login,
    auth,
    pbsz,
    prot,
    ccc,
    rein,
    host,
    feat,
    noop,
    quit,
    abort,
    passive,           ///< PASV
    extended_passive,  ///< EPSV
    port,
    extended_port,  ///< EPRT
    upload,
    download,
    restart,  ///< REST
    refused,  ///< security or data commands that would bypass us
    count
};

struct Verb {
    std::string_view name;
    Role role = Role::forward;
    bool before_tls = false;  ///< answered even while TLS is demanded and not yet there
    bool secret = false;      ///< its argument must not be logged
    /// Changes what the bytes behind it mean, so nothing is read before it is done.
    bool switches_protection = false;
};

/// `name` in upper case; empty: Role::invalid.
[[nodiscard]] const Verb& find_verb(std::string_view name);

}  // namespace hsmfront::ftp
