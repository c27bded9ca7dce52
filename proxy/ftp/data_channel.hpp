// DataChannel: the two data connections of one transfer, from opening to close or reset.
#pragma once

#include "config/settings.hpp"
#include "proxy/ftp/action.hpp"
#include "proxy/ftp/backend_listener.hpp"
#include "proxy/log/component.hpp"
#include "proxy/net/event.hpp"
#include "proxy/net/port_range.hpp"
#include "proxy/net/proxy_intake.hpp"
#include "proxy/net/relay.hpp"
#include "proxy/net/session.hpp"
#include "proxy/net/tcp_stream.hpp"
#include "proxy/tls/stream.hpp"

#include <memory>
#include <optional>

namespace hsmfront::ftp {

/// Where a transfer's connections go and what they must satisfy.
struct DataPlan {
    action::OpenData transfer;
    net::tcp::endpoint backend;                         ///< port 0: it comes to backend_listener
    std::unique_ptr<BackendListener> backend_listener;  ///< of an active backend
    net::asio::ip::address backend_source;  ///< ours, as on the backend's control connection
    net::asio::ip::address client;          ///< the control connection's peer
    net::asio::ip::address local;           ///< ours, as on the client's control connection
    tls::ControlBinding control;
    /// Set when the client came through a balancer: its data connections do as well.
    std::shared_ptr<const net::Balancers> balancers;
    std::string backend_header;         ///< PROXY header that the backend's connection begins with
    const log::Session* log = nullptr;  ///< the control session's, which outlives it
    std::shared_ptr<tls::HandshakeCounters> handshakes;  ///< null: not counted
};

/// What a transfer was, for the log.
struct TransferFacts {
    net::tcp::endpoint peer;  ///< the client's end of its data connection; port 0: never opened
    std::string tls_version = "none";
    bool resumed = false;
    std::uint64_t bytes = 0;  ///< delivered to the socket of the receiving side
    net::Clock::time_point started = net::Clock::now();
};

/// Its steps are awaited one after the other by the transfer's task; the session grants the next
/// one or aborts. The client's side is opened only after the backend accepted the command, so the
/// backend never waits for the client's TLS (RFC 4217 §12.6).
class DataChannel final : public net::Interruptible {
  public:
    DataChannel(
        net::WorkerContext& worker,
        const config::Ftp& settings,
        DataPlan plan,
        std::optional<net::PortRange::Loan> listener
    );

    /// First step; nothing to do where the backend connects. Errc: timed_out, system errors.
    [[nodiscard]] net::Task<error_code> connect_backend();
    /// Takes the client's connection, before it an active backend's, and copies. Ends in `drained`,
    /// `complete` or `failed`.
    [[nodiscard]] net::Task<DataEvent> transfer();
    /// After `drained`: says to the client that the download is whole. `complete` or `failed`.
    [[nodiscard]] net::Task<DataEvent> finish();
    /// Reads until the client closes too, for a while: closing earlier could make its system throw
    /// away what it has not read yet.
    [[nodiscard]] net::Task<void> linger();

    /// An upload is complete only once the backend has closed its side too, without reset.
    void ask_confirmation() noexcept { confirm_ = true; }
    /// Lets granted() return once more.
    void grant();
    /// Waits for grant(); false when aborted.
    [[nodiscard]] net::Task<bool> granted();
    /// Resets both connections; what is awaited returns.
    void abort() noexcept { interrupt(net::Errc::stopped); }
    void interrupt(error_code reason) noexcept override;

    [[nodiscard]] TransferDirection direction() const noexcept { return plan_.transfer.direction; }
    /// So far.
    [[nodiscard]] const TransferFacts& facts() const noexcept { return facts_; }

  private:
    /// Stops an accept.
    class AcceptStop final : public net::Interruptible {
      public:
        explicit AcceptStop(std::optional<net::PortRange::Loan>& loan) : loan_(loan) {}
        void interrupt(error_code reason) noexcept override;
        [[nodiscard]] const error_code& reason() const noexcept { return reason_; }
        /// Stops `reading` too, which takes an accepted connection's header; null: nothing.
        void set_reading(net::Interruptible* reading) noexcept { reading_ = reading; }

      private:
        std::optional<net::PortRange::Loan>& loan_;
        net::Interruptible* reading_ = nullptr;
        error_code reason_;
    };

    [[nodiscard]] net::Task<error_code> accept_backend();
    [[nodiscard]] net::Task<std::optional<DataEvent>> open_client_side();
    [[nodiscard]] net::Task<Result<net::Socket>> open_client();
    [[nodiscard]] net::Task<Result<net::Socket>> accept_client();
    [[nodiscard]] net::Task<std::optional<net::tcp::endpoint>> client_of(
        net::Socket& socket, net::tcp::endpoint peer
    );
    [[nodiscard]] net::Task<std::optional<DataEvent>> protect(net::Socket socket);
    [[nodiscard]] tls::StreamOptions tls_options() const;
    [[nodiscard]] std::optional<DataEvent> admit(const tls::HandshakeInfo& shown);
    [[nodiscard]] net::Task<DataEvent> copy();
    [[nodiscard]] net::Task<DataEvent> end_upload(net::RelayResult result);
    /// True once the backend has closed its side of an upload in order.
    [[nodiscard]] net::Task<bool> backend_closed();
    [[nodiscard]] DataEvent end_download(const net::RelayResult& result);
    [[nodiscard]] bool clean_end(const net::RelayResult& result) const;
    [[nodiscard]] DataEvent fail(DataEvent::Blame blame, int code, std::string_view text);

    net::WorkerContext& worker_;
    const config::Ftp& settings_;
    DataPlan plan_;
    std::optional<net::PortRange::Loan> listener_;
    AcceptStop accept_stop_;
    std::unique_ptr<net::TcpStream> backend_;
    std::unique_ptr<net::Transport> client_;
    net::Event decision_;
    std::size_t grants_ = 0;
    bool aborted_ = false;
    bool confirm_ = false;
    TransferFacts facts_;
};

}  // namespace hsmfront::ftp
