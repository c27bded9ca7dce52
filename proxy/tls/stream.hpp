// Stream: Transport over TLS, server side, on the non-blocking socket itself.
#pragma once

#include "proxy/net/socket_io.hpp"
#include "proxy/net/transport.hpp"
#include "proxy/tls/client_certificates.hpp"
#include "proxy/tls/control_binding.hpp"
#include "proxy/tls/handshake_failure.hpp"
#include "proxy/tls/openssl_error.hpp"
#include "proxy/tls/socket_bio.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace hsmfront::tls {

class HandshakeCounters;
class SignWait;
struct WireSigns;

/// What a finished handshake agreed on, for logs and routing.
struct HandshakeInfo {
    std::string version;  ///< "TLSv1.3"
    std::string cipher;
    std::string server_name;  ///< SNI, or empty
    std::string host;         ///< the configured host that SNI chose ("*.example.com"), or empty
    std::string alpn;         ///< or empty
    ClientIdentity client;    ///< or empty
    bool resumed = false;
    bool extended_master_secret = true;  ///< RFC 7627; what it does is a part of TLS 1.3
};

/// Application records after which TLS 1.3 sending keys are replaced. AES-GCM keeps its margin for
/// 2^24.5 full records, 362 GiB (RFC 8446 §5.5); this is every 64 GiB, which costs nothing.
inline constexpr std::uint64_t records_per_key = std::uint64_t{1} << 22U;

struct StreamOptions {
    /// Written into the tickets of this connection. On a data connection also demanded of a
    /// session that is resumed.
    std::optional<SessionTag> tag;
    /// An FTP data connection: only sessions with `tag` are resumed; others get a full handshake.
    /// SNI does not change the context.
    bool data_connection = false;
    /// False on upload data connections: a client that only writes would answer a ticket with RST
    /// (openssl/openssl#10880).
    bool send_tickets = true;
    /// Reads ahead of the record in hand: fewer system calls. False where plain text may follow
    /// close_notify on the same connection (CCC).
    bool read_ahead = true;
    /// On a data connection: found when the client resumes it by its id.
    std::shared_ptr<SSL_SESSION> control_session = nullptr;
    /// Of the control session: taken note of in its tickets, and on a data connection its keys open
    /// them too.
    std::shared_ptr<KeptRings> kept_rings = nullptr;
    /// At least 1.
    std::uint64_t records_per_key = tls::records_per_key;
    /// Where the handshake is counted; may be null. Outlives the stream.
    HandshakeCounters* counters = nullptr;
};

class Stream final : public net::Transport {
  public:
    Stream(net::Socket socket, std::shared_ptr<const Context> context, StreamOptions options = {});
    ~Stream() override;
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    /// Does the handshake within `limit`. The signature may come from elsewhere; the worker goes on
    /// meanwhile. On failure the reason stands in failure(). Errc: timed_out, stopped, tls_failed,
    /// eof, truncated, system errors.
    [[nodiscard]] net::Task<error_code> handshake(net::milliseconds limit);
    [[nodiscard]] const HandshakeInfo& info() const noexcept { return info_; }
    /// The certificate that the client proved to be its own, in DER; empty: none.
    [[nodiscard]] std::string client_certificate() const;
    /// The context in effect: of the host that SNI chose, else the one given. Data connections
    /// take that of their control connection (RFC 4217 §15.1.1).
    [[nodiscard]] const std::shared_ptr<const Context>& context() const noexcept {
        return chosen_ ? chosen_ : context_;
    }
    /// What the data connections of this control connection are bound to. After a handshake that
    /// had a tag.
    [[nodiscard]] ControlBinding binding() const;
    [[nodiscard]] const StreamOptions& options() const noexcept { return options_; }
    /// The Stream that owns `ssl`, for OpenSSL's callbacks.
    [[nodiscard]] static Stream& of(const SSL* ssl);
    /// The context that the connection began with.
    [[nodiscard]] const Context& listener() const noexcept { return *context_; }
    /// Before the handshake or in its ClientHello: goes on with the context of `host`.
    void choose(const NamedContext& host);
    /// The same, back to the context that the connection began with.
    void choose_listener();
    /// In each ClientHello: the name that the client asks for (SNI), empty for none. False if it
    /// asked for another before.
    [[nodiscard]] bool note_asked(std::string_view name);
    /// In the handshake: why it is about to fail.
    void note_refusal(HandshakeFailure why) { refusal_ = std::move(why); }
    /// Why the handshake failed; none unless it did.
    [[nodiscard]] std::optional<HandshakeCause> cause() const;
    /// The same in words, empty likewise.
    [[nodiscard]] std::string failure() const;
    /// Both, for the log: "TLS handshake failed (plain_http): plain HTTP on a TLS port; ...".
    [[nodiscard]] std::string failure_line() const;
    /// After a failed handshake: the connection, on which nothing of TLS was written.
    [[nodiscard]] net::Socket release() noexcept { return io_.release(); }

    [[nodiscard]] net::Attempt try_read(std::span<char> buffer) override;
    [[nodiscard]] net::Attempt try_write(std::span<const char> bytes) override;
    [[nodiscard]] net::Task<error_code> wait(net::Direction direction) override;
    /// close_notify, then FIN.
    [[nodiscard]] net::Task<error_code> shutdown_send() override;
    void interrupt(error_code reason) noexcept override;
    void resume() noexcept override { io_.resume(); }
    void reset() noexcept override { io_.reset(); }
    void close() noexcept override { io_.close(); }
    [[nodiscard]] net::tcp::endpoint peer() const override;
    [[nodiscard]] net::tcp::endpoint local() const override;

    /// Queues a fresh TLS 1.3 ticket that goes out with the next write; nothing on TLS 1.2
    /// (SSL_new_session_ticket(3)).
    void queue_ticket();
    /// Sends close_notify and gives the TCP connection back in clear, for CCC (RFC 4217 §5) and
    /// REIN (§13). Waits for the client's close_notify up to `limit`.
    [[nodiscard]] net::Task<Result<net::Socket>> unwrap(net::milliseconds limit);

  private:
    enum class Step { done, want_read, want_write, want_signature, failed };

    [[nodiscard]] net::Task<error_code> accept();
    [[nodiscard]] net::Task<error_code> finish();
    /// The reason why the pending signature is not wanted any more; none when its answer is there.
    [[nodiscard]] net::Task<error_code> await_signature();
    [[nodiscard]] Step try_accept();
    [[nodiscard]] bool connect_socket();
    [[nodiscard]] net::Attempt wants(net::Direction direction);
    [[nodiscard]] net::Attempt attempt_of(int rc, int system_error);
    [[nodiscard]] net::Attempt fail(error_code error);
    void note_handshake();
    void note_failure(error_code error, const WireSigns& signs, net::milliseconds limit);
    [[nodiscard]] net::Attempt encrypt(std::span<const char> bytes);
    void update_key();

    net::SocketIo io_;
    SocketBio bio_{io_};
    std::shared_ptr<const Context> context_;
    std::shared_ptr<const Context> chosen_;
    StreamOptions options_;
    std::unique_ptr<SignWait> sign_wait_;
    std::unique_ptr<SSL, certs::Deleter<SSL_free>> ssl_;
    HandshakeInfo info_;
    bool asked_ = false;    ///< info_.server_name is the client's
    OpensslErrors errors_;  ///< of the call that failed
    std::optional<HandshakeFailure> failure_;
    std::optional<HandshakeFailure> refusal_;
    std::uint64_t records_ = 0;  ///< sent with the present keys
    std::size_t owed_ = 0;       ///< encrypted, but not all of it sent: not yet said to be written
    /// A fatal error: no SSL_* call but free is allowed after it (SSL_get_error(3)).
    error_code broken_;
};

}  // namespace hsmfront::tls
