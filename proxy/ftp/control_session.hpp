// ControlSession: one client's control connection, its backend connection and its transfers. It
// carries out what the dialogue says and alone knows the sockets.
#pragma once

#include "proxy/ftp/data_channel.hpp"
#include "proxy/ftp/dialogue.hpp"
#include "proxy/ftp/line_splitter.hpp"
#include "proxy/ftp/service.hpp"
#include "proxy/log/component.hpp"
#include "proxy/net/connector.hpp"
#include "proxy/net/task_group.hpp"
#include "proxy/tls/stream.hpp"

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace hsmfront::ftp {

/// One loop takes events one by one; readers and transfers are its children and are joined before
/// run() ends. A reader reads on only after the loop has dealt with what it read.
class ControlSession final : public net::Interruptible, public net::Described {
  public:
    ControlSession(
        net::WorkerContext& worker,
        std::shared_ptr<const Snapshot> snapshot,
        Traffic& traffic,
        net::Accepted accepted,
        std::size_t listener
    );

    /// From accept to close. Logs its end.
    [[nodiscard]] net::Task<void> run();
    /// Errc::stopped while the worker drains: ends when idle. Again, or otherwise: ends at once.
    /// Errc::timed_out: the idle or login time is over.
    void interrupt(error_code reason) noexcept override;

    [[nodiscard]] bool active() const noexcept override {
        return channel_ != nullptr || !dialogue_.logged_in();
    }
    [[nodiscard]] net::SessionFacts facts() const override;

  private:
    /// Holds a reader until the loop wants more.
    class Gate {
      public:
        void open() noexcept;
        [[nodiscard]] net::Task<void> pass();

      private:
        net::Event opened_;
        bool held_ = false;
    };

    struct BackendLink {
        explicit BackendLink(net::Socket socket)
            : stream(std::move(socket)), peer(stream.peer()), local(stream.local()) {}
        net::TcpStream stream;
        net::tcp::endpoint peer;  ///< known even when the connection is gone
        net::tcp::endpoint local;
        ReplyParser parser;
        Gate gate;
        bool read_to_end = false;  ///< its reader has ended
    };

    struct ClientGone {
        error_code reason;
    };
    struct BackendConnected {
        error_code error;
    };
    struct BackendReadable {
        BackendLink* link;
    };
    struct BackendGone {
        BackendLink* link;
        error_code reason;
    };
    struct TlsCleared {
        bool done;
    };
    struct Listening {
        std::optional<std::uint16_t> port;
    };
    struct BackendListening {
        std::optional<net::tcp::endpoint> endpoint;
    };
    using Event = std::variant<
        ClientGone,
        BackendConnected,
        BackendReadable,
        BackendGone,
        TlsOutcome,
        TlsCleared,
        Listening,
        BackendListening,
        DataEvent>;

    struct Totals {
        std::size_t transfers = 0;
        std::uint64_t uploaded = 0;
        std::uint64_t downloaded = 0;
        std::string tls_version = "none";
        bool resumed = false;
        std::string client_certificate;  ///< its subject; empty: none was shown
    };

    // control_session.cpp: the loop
    net::Task<void> converse();
    net::Task<bool> turned_away();
    net::Task<void> loop();
    net::Task<void> feed_lines();
    net::Task<void> handle(Event event);
    net::Task<void> handle_replies(BackendLink* link);
    net::Task<void> read_client();
    net::Task<void> read_backend(BackendLink& link);
    net::Task<void> run_transfer(std::unique_ptr<DataChannel> owned);
    net::Task<void> close();
    void post(Event event);
    void post_data(const DataChannel& channel, DataEvent event);
    void update_timer();
    void sweep_links();

    // control_session_log.cpp
    void log_end() const;
    net::Task<void> perform(action::LogTransfer transfer);

    // control_session_actions.cpp: one for each action
    net::Task<void> carry_out(Actions actions);
    net::Task<void> perform(action::Answer answer);
    net::Task<void> perform(action::CountRefusedLogin);
    net::Task<void> perform(action::SelectHost select);
    net::Task<void> perform(action::Forward forward);
    net::Task<void> perform(action::StartTls start);
    net::Task<void> perform(action::ClearTls clear);
    net::Task<void> perform(action::ConnectBackend connect);
    net::Task<void> perform(action::DropBackend drop);
    net::Task<void> perform(action::Listen listen);
    net::Task<void> perform(action::DropListener drop);
    net::Task<void> perform(action::ListenBackend listen);
    net::Task<void> perform(action::OpenData open);
    net::Task<void> perform(action::BeginData begin);
    net::Task<void> perform(action::FinishData finish);
    net::Task<void> perform(action::ConfirmUpload confirm);
    net::Task<void> perform(action::AbortData abort);
    net::Task<void> perform(action::End end);
    [[nodiscard]] const config::Endpoint& backend_endpoint() const;
    void let_go_of_channel();
    net::Task<error_code> write_within_limit(net::Transport& transport, std::string_view text);
    net::Task<error_code> start_tls();
    [[nodiscard]] std::string backend_header(config::ProxyVersion version) const;

    net::WorkerContext& worker_;
    std::shared_ptr<const Snapshot> snapshot_;
    Traffic& traffic_;
    const config::Ftp& settings_;
    const std::shared_ptr<const tls::Context> context_;  ///< of its listener
    config::FtpTlsMode mode_;
    log::Session log_;
    net::tcp::endpoint peer_;      ///< the client; IPv4-mapped addresses as IPv4
    net::tcp::endpoint local_;     ///< what it dialled; likewise
    std::optional<net::Hop> via_;  ///< the connection itself where it came through a balancer
    net::asio::ip::address own_;   ///< ours, can be bound; likewise
    net::Clock::time_point started_ = net::Clock::now();

    Dialogue dialogue_;
    LineSplitter splitter_;
    std::unique_ptr<net::Transport> client_;
    net::TcpStream* plain_ = nullptr;  ///< client_ while in clear
    tls::Stream* tls_ = nullptr;       ///< client_ while in TLS
    tls::ControlBinding binding_;      ///< new with each handshake of the control connection
    Gate client_gate_;

    std::list<std::unique_ptr<BackendLink>> links_;  ///< the current one and those being closed
    BackendLink* backend_ = nullptr;
    net::Connector* connecting_ = nullptr;  ///< to the backend, while it does
    const config::Host* host_ = nullptr;    ///< of the settings; null: the default
    std::optional<net::PortRange::Loan> listener_;
    std::unique_ptr<BackendListener> backend_listener_;
    std::list<DataChannel*> channels_;  ///< all that live, lingering ones too
    DataChannel* channel_ = nullptr;    ///< of the transfer in hand
    TransferFacts facts_;               ///< of the last transfer, once channel_ is null

    std::list<Event> events_;
    net::Event wake_;
    net::Event cut_short_;  ///< ends a delay
    net::TaskGroup tasks_;
    std::optional<net::Watchdog> watchdog_;
    enum class Timer { login, idle, held } timer_ = Timer::login;
    bool timed_out_ = false;
    bool drain_ = false;     ///< to be told to the dialogue
    bool draining_ = false;  ///< drain_ was set once
    bool stop_ = false;
    bool done_ = false;
    bool orderly_ = false;
    bool closing_ = false;
    std::string reason_;
    std::string failed_handshake_;  ///< why it failed; empty unless it did
    Totals totals_;
};

}  // namespace hsmfront::ftp
