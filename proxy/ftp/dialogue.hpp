// Dialogue: the control connection as a state machine without sockets. It alone knows FTP.
#pragma once

#include "config/settings.hpp"
#include "proxy/ftp/action.hpp"
#include "proxy/ftp/command.hpp"
#include "proxy/ftp/features.hpp"
#include "proxy/ftp/reply.hpp"
#include "proxy/ftp/verbs.hpp"
#include "proxy/net/executor.hpp"

#include <chrono>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hsmfront::ftp {

/// What the dialogue knows of its session and of the settings.
struct Policy {
    config::FtpTlsMode mode = config::FtpTlsMode::explicit_tls;
    bool require_tls_control = true;
    bool require_tls_data = true;
    bool allow_ccc = false;
    std::string greeting;  ///< text of 220; empty: ours, or the backend's where it is relayed
    config::BackendData backend_data = config::BackendData::passive;
    std::size_t login_attempts = 3;
    std::chrono::milliseconds login_delay{0};
    /// Empty lists if null, as are hosts.
    const config::FtpCommands* commands = nullptr;
    const std::vector<config::Host>* hosts = nullptr;
    net::asio::ip::address client;  ///< of the control connection
    /// For PASV replies; none on an IPv6 control connection: the client is told to use EPSV.
    std::optional<net::asio::ip::address_v4> advertised;
};

/// One event in, the actions that follow out; the caller carries them out in order. One command is
/// with the backend at a time; others wait here, so replies stay in the order of the commands.
///
/// Who greets: the backend is connected at once on implicit listeners and where plaintext logins
/// are allowed, and its greeting is relayed; else we greet, and the backend's greeting (after TLS
/// stands) is swallowed.
class Dialogue {
  public:
    explicit Dialogue(Policy policy);

    /// The control connection stands; implicit: after its handshake, in which the client asked for
    /// `server_name` (SNI) or for none.
    [[nodiscard]] Actions start(std::string_view server_name = {});
    [[nodiscard]] Actions on_command(Command command);
    /// The client sent something that is no command line.
    [[nodiscard]] Actions on_broken_line(std::string_view what);
    [[nodiscard]] Actions on_client_gone(std::string_view reason);
    /// `server_name` as for start().
    [[nodiscard]] Actions on_tls(TlsOutcome outcome, std::string_view server_name = {});
    [[nodiscard]] Actions on_tls_cleared(bool done);
    [[nodiscard]] Actions on_backend(bool connected);
    [[nodiscard]] Actions on_reply(Reply reply);
    /// The backend closed, or sent what is no reply.
    [[nodiscard]] Actions on_backend_gone(std::string_view reason);
    /// The passive port, or none where no port was free.
    [[nodiscard]] Actions on_listening(std::optional<std::uint16_t> port);
    /// Where we listen for the backend's data connection, or none where that failed.
    [[nodiscard]] Actions on_backend_listening(std::optional<net::tcp::endpoint> endpoint);
    [[nodiscard]] Actions on_data(DataEvent event);
    [[nodiscard]] Actions on_timeout();
    /// The proxy is stopping: ends now, or after the command or transfer in hand or announced.
    [[nodiscard]] Actions on_drain();

    /// False while nothing may be read ahead: a command that changes the protection waits, or too
    /// many wait.
    [[nodiscard]] bool wants_commands() const noexcept;
    [[nodiscard]] bool logged_in() const noexcept { return logged_in_; }
    /// True while bytes move on a data connection: no idle time is counted.
    [[nodiscard]] bool data_moving() const noexcept;
    /// Who logged in; before that, what came with USER, which may be a password.
    [[nodiscard]] const std::string& user() const noexcept { return user_; }
    /// The command whose replies are awaited.
    [[nodiscard]] const std::string& verb() const noexcept { return current_.verb; }
    [[nodiscard]] bool ended() const noexcept { return phase_ == Phase::ended; }

  private:
    enum class Phase {
        idle,
        switching,          ///< TLS begins or ends
        greeting,           ///< the backend is to greet
        reply,              ///< a forwarded command is out
        backend_listening,  ///< we are to listen for the backend
        backend_setup,      ///< our EPSV, PASV, EPRT or PORT is out
        listening,
        connecting_data,  ///< towards the backend; the transfer command is held
        transfer,         ///< the transfer command is out
        abort_reply,      ///< the reply to ABOR is to come
        ended,
    };
    enum class Protection { clear, tls, cleared /* by CCC */ };
    enum class AbortReply { none, swallow, relay };
    /// What we ask of the backend for a data connection: the extended command, until it refuses it.
    enum class BackendCommand { extended, plain };

    /// How the next data connection is made.
    struct Setup {
        std::optional<std::uint16_t> backend_port;        ///< passive backend
        std::optional<net::tcp::endpoint> backend_meets;  ///< active backend: where we listen
        std::optional<std::uint16_t> client_port;
        bool ready = false;
    };
    struct Transfer {
        enum class Data { waiting, moving, drained, finishing, complete, failed };
        TransferDirection direction = TransferDirection::download;
        Data data = Data::waiting;
        std::optional<Reply> final_reply;
        DataEvent failure;
    };
    using Handler = void (Dialogue::*)();

    // dialogue.cpp: order of commands, greeting, replies, ends
    Actions take();
    void pump();
    void process();
    void answer(int code, std::string_view text);
    void answer(const Reply& reply, bool fresh_ticket = false);
    void forward(std::string line, Phase next);
    void connect_backend(bool relay_greeting);
    void end(std::string_view reason, bool orderly);
    void end_with(const Reply& reply, std::string_view reason);
    void end_with_421(std::string_view text, std::string_view reason);
    void greeting_reply(const Reply& reply);
    void command_reply(const Reply& reply);
    void abort_command_reply(const Reply& reply);
    [[nodiscard]] bool transferring() const noexcept;
    [[nodiscard]] bool offers_ccc() const noexcept;
    [[nodiscard]] bool must_secure(const Verb& verb) const noexcept;
    [[nodiscard]] bool refuses(const Verb& verb) const;
    [[nodiscard]] OwnFeatures own_features() const;

    // dialogue_login.cpp: who is served, and where
    void handle_login();
    void handle_rein();
    void handle_host();
    void login_reply(const Reply& reply);
    void forget_login();
    void select_host(std::string_view name);
    void note_server_name(std::string_view name);
    [[nodiscard]] bool secured_for(const config::Host& host) const;

    // dialogue_commands.cpp: one for each Role
    static Handler handler_of(Role role);
    void handle_forward();
    void handle_invalid();
    void handle_http();
    void handle_auth();
    void handle_pbsz();
    void handle_prot();
    void handle_ccc();
    void handle_feat();
    void handle_noop();
    void handle_quit();
    void handle_passive();
    void handle_extended_passive();
    void handle_port();
    void handle_extended_port();
    void handle_upload();
    void handle_download();
    void handle_restart();
    void handle_refused();

    // dialogue_transfer.cpp: data connections
    [[nodiscard]] bool refuse_after_epsv_all();
    void accept_client_endpoint(const net::tcp::endpoint& endpoint);
    void set_up_data(std::optional<std::uint16_t> client_port);
    void ask_backend_for_data();
    [[nodiscard]] bool backend_data_agreed(const Reply& reply);
    void backend_setup_reply(const Reply& reply);
    void backend_setup_refused(const Reply& reply);
    void start_transfer(TransferDirection direction);
    void transfer_reply(const Reply& reply);
    void data_connected();
    void data_failed(DataEvent event);
    void settle();
    void settle_success();
    void doubt_early_success();
    void finish_transfer(const Reply& reply);
    void log_transfer(int code, std::string_view outcome);
    void fail_data(DataEvent failure, AbortReply abort_reply);
    void abort_by_client(Command command);
    [[nodiscard]] Reply failure_reply() const;

    Policy policy_;
    Actions out_;
    std::list<Command> queue_;
    Command current_;
    Phase phase_ = Phase::idle;
    Protection protection_ = Protection::clear;
    bool backend_up_ = false;
    bool relay_greeting_ = false;
    bool logged_in_ = false;
    bool draining_ = false;
    bool pbsz_done_ = false;
    bool protect_data_ = false;  ///< PROT P
    bool epsv_all_ = false;
    BackendCommand backend_command_ = BackendCommand::extended;
    std::size_t refused_logins_ = 0;
    std::string user_;          ///< as given with USER
    std::string server_name_;   ///< SNI, lower case
    std::string host_;          ///< name of the selected entry of hosts; empty: the default
    std::string secured_host_;  ///< that of the handshake
    Setup setup_;
    Transfer transfer_;
    AbortReply abort_reply_ = AbortReply::none;
};

}  // namespace hsmfront::ftp
