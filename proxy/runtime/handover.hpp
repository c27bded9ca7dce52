// Handover: what a process gives to the one that takes its place, and how they talk.
#pragma once

#include "certs/chain.hpp"
#include "certs/secret.hpp"
#include "proxy/net/descriptor.hpp"
#include "proxy/tls/ticket_keys.hpp"

#include <chrono>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace hsmfront::runtime {

struct Handover {
    std::vector<net::Descriptor> sockets;  ///< bound; most of them listen
    std::vector<std::string> protocols;    ///< that serve: the other must bring them up
    certs::Secret typed_pin;               ///< empty: nobody typed one
    std::map<std::string, certs::Secret> pin_variables;  ///< of the environment, emptied there
    std::vector<tls::TicketKeys::Retired> ticket_keys;
};

/// One end of a socket pair (unix(7), SOCK_SEQPACKET). Secrets pass through the kernel's memory
/// only. Errc of all: system errors; connection_reset when the other process has ended or closed
/// its end; protocol_error for what is no message of ours.
class HandoverChannel {
  public:
    enum class Word : char { ready = 'R', failed = 'F', go = 'G' };
    struct Message {
        Word word;
        std::string text;
    };

    explicit HandoverChannel(net::Descriptor socket) : socket_(std::move(socket)) {}
    /// Both ends, closed on exec(3).
    [[nodiscard]] static Result<std::pair<net::Descriptor, net::Descriptor>> make_pair();

    /// Both block, for the other end's sake not for long.
    [[nodiscard]] error_code give(const Handover& handover);
    [[nodiscard]] Result<Handover> take();

    [[nodiscard]] error_code say(Word word, std::string_view text = {});
    /// What there is: would_block if nothing is.
    [[nodiscard]] Result<Message> hear();
    /// The same, once there is something. timed_out; operation_canceled by `stop`, which ends the
    /// talk for the other process too.
    [[nodiscard]] Result<Message> wait(
        std::chrono::milliseconds limit, const std::stop_token& stop
    );

    [[nodiscard]] int fd() const noexcept { return socket_.get(); }

  private:
    net::Descriptor socket_;
};

}  // namespace hsmfront::runtime
