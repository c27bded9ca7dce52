// What the dialogue tells the session to do, and what the session tells it about transfers.
#pragma once

#include "proxy/net/executor.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace hsmfront::ftp {

enum class TransferDirection { upload, download };

namespace action {

/// Write to the client.
struct Answer {
    std::string wire;  ///< one whole reply with its CRLFs
    /// Send a fresh TLS ticket along, for the data connection that follows (RFC 8446 §4.6.1:
    /// clients should use each ticket once).
    bool fresh_ticket = false;
    /// To be waited before: slows the guessing of passwords.
    std::chrono::milliseconds delay{0};
};

/// A login was refused: counts against the client's address.
struct CountRefusedLogin {};

/// TLS and ConnectBackend are for this host from now on: an entry of the settings' hosts by name,
/// or the default for an empty one.
struct SelectHost {
    std::string name;
};

/// Write one command to the backend.
struct Forward {
    std::string line;  ///< without CRLF
};

/// When TLS can be served: write `reply`, then do the handshake. Answered by on_tls(). Bytes that
/// came behind the command in clear are never to be read.
struct StartTls {
    std::string reply;
};

/// close_notify both ways, then go on in clear on the same connection. Answered by
/// on_tls_cleared().
struct ClearTls {};

/// Answered by on_backend().
struct ConnectBackend {};

struct DropBackend {};

/// Listen for one data connection. Answered by on_listening().
struct Listen {};

/// Stop listening, for the backend too.
struct DropListener {};

/// Listen for the backend's data connection. Answered by on_backend_listening().
struct ListenBackend {};

/// Begin a transfer. Answered by on_data().
struct OpenData {
    TransferDirection direction = TransferDirection::download;
    bool protect = false;
    /// The backend's port to connect to; none: it connects to where ListenBackend listens.
    std::optional<std::uint16_t> backend_port;
    /// The client's port in active mode; none: it comes to the listener.
    std::optional<std::uint16_t> client_port;
};

/// The backend accepted the command: take the client's data connection and copy.
struct BeginData {};

/// The download is whole: say so to the client, by close_notify and FIN.
struct FinishData {};

/// The backend called the upload a success before it had seen its end: the upload is `complete`
/// only if the backend then closes its side in order, which it cannot with bytes unread.
struct ConfirmUpload {};

/// Reset both data connections.
struct AbortData {};

/// What the client was told of a transfer, for the log.
struct LogTransfer {
    std::string user;
    std::string verb;
    std::string path;     ///< as the client gave it
    int code = 0;         ///< of the final reply; 0: there was none
    std::string outcome;  ///< "complete", or why not
};

/// Close both control connections.
struct End {
    std::string reason;
    /// True: what was answered is still to arrive, TLS is closed with close_notify.
    bool orderly = true;
};

}  // namespace action

using Action = std::variant<
    action::Answer,
    action::CountRefusedLogin,
    action::SelectHost,
    action::Forward,
    action::StartTls,
    action::ClearTls,
    action::ConnectBackend,
    action::DropBackend,
    action::Listen,
    action::DropListener,
    action::ListenBackend,
    action::OpenData,
    action::BeginData,
    action::FinishData,
    action::ConfirmUpload,
    action::AbortData,
    action::LogTransfer,
    action::End>;
using Actions = std::vector<Action>;

/// Outcome of action::StartTls.
enum class TlsOutcome {
    up,
    unavailable,  ///< no key to sign with: nothing was written, the connection stays in clear
    pipelined,    ///< bytes came behind the command in clear
    failed,
};

/// What became of a transfer's data connections.
struct DataEvent {
    enum class Kind {
        backend_connected,
        backend_unreachable,
        drained,   ///< download: the backend ended, every byte is in the client's socket
        complete,  ///< download: close_notify and FIN are out; upload: all bytes and FIN are out
        failed,    ///< both connections were reset
    };
    enum class Blame { none, client, backend };

    Kind kind = Kind::complete;
    Blame blame = Blame::none;  ///< of `failed`
    int code = 426;             ///< of `failed`: what the client is told
    std::string text;           ///< of `failed`
};

}  // namespace hsmfront::ftp
