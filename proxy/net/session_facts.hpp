// SessionFacts: what a session tells of itself while it lives, for whoever watches the service.
#pragma once

#include "proxy/net/executor.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace hsmfront::net {

/// Names are as clients gave them: whoever shows them escapes them.
struct SessionFacts {
    std::uint64_t id = 0;        ///< as in the log
    std::string protocol;        ///< "FTPS explicit", "HTTP/2"
    std::string client;          ///< address and port
    std::string via;             ///< the balancer's, if it came through one
    std::string user;            ///< who logged in, or whom the client's certificate names
    std::string doing;           ///< in few words, without names of files; empty: idle
    std::string backend;         ///< address and port; empty: none, or several
    milliseconds age{0};         ///< of the session
    std::uint64_t received = 0;  ///< bytes from the client: of files, or of the connection
    std::uint64_t sent = 0;      ///< and to it
    std::uint64_t units = 0;     ///< requests or transfers, begun so far
};

/// Sessions at one moment.
struct SessionList {
    std::size_t total = 0;
    std::vector<SessionFacts> shown;  ///< those that do something first, then the newest first
};

/// A session that can be asked about itself, on its worker's thread.
class Described {
  public:
    Described() = default;
    Described(const Described&) = delete;
    Described& operator=(const Described&) = delete;

    /// A request, a transfer or a login is in hand. Cheap.
    [[nodiscard]] virtual bool active() const noexcept = 0;
    [[nodiscard]] virtual SessionFacts facts() const = 0;

  protected:
    ~Described() = default;
};

}  // namespace hsmfront::net
