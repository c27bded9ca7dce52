// DialogueRules: watches a Dialogue from outside and knows what must never happen.
#pragma once

#include "proxy/ftp/dialogue.hpp"

#include <deque>
#include <optional>
#include <string>

namespace hsmfront::fuzz {

/// Told every event before the dialogue hears of it and every action behind it. Keeps its own
/// account of commands, protection and data; throws Violated.
class DialogueRules {
  public:
    explicit DialogueRules(ftp::Policy policy);

    void command(const ftp::Command& command);
    void broken_line() { must_end_ = true; }
    void client_gone();
    void backend_gone() { must_end_ = true; }
    void timeout() { must_end_ = true; }
    void reply(const ftp::Reply& reply);
    void tls(ftp::TlsOutcome outcome);
    void tls_cleared(bool done);
    void backend(bool connected);
    void listening(bool open) { listener_ = open; }
    void backend_listening(std::optional<net::tcp::endpoint> endpoint) { meeting_ = endpoint; }
    void data(ftp::DataEvent::Kind kind);

    /// All that followed one event.
    void actions(const ftp::Actions& actions, const ftp::Dialogue& dialogue);
    /// Nothing is outstanding: every command has its answer.
    void at_rest(const ftp::Dialogue& dialogue) const;

    /// The oldest command that is with the backend; "" while its greeting is awaited.
    [[nodiscard]] std::optional<std::string> with_backend() const;

  private:
    enum class Control { clear, tls, cleared /* by CCC */ };
    enum class Fate { none, open, complete, broken };

    void check(const ftp::action::Answer& answer);
    void check(const ftp::action::CountRefusedLogin& count);
    void check(const ftp::action::SelectHost& select);
    void check(const ftp::action::Forward& forward);
    void check(const ftp::action::StartTls& start);
    void check(const ftp::action::ClearTls& clear);
    void check(const ftp::action::ConnectBackend& connect);
    void check(const ftp::action::DropBackend& drop);
    void check(const ftp::action::Listen& listen);
    void check(const ftp::action::DropListener& drop);
    void check(const ftp::action::ListenBackend& listen);
    void check(const ftp::action::OpenData& open);
    void check(const ftp::action::BeginData& begin);
    void check(const ftp::action::FinishData& finish);
    void check(const ftp::action::ConfirmUpload& confirm);
    void check(const ftp::action::AbortData& abort);
    void check(const ftp::action::LogTransfer& log);
    void check(const ftp::action::End& end);

    void answered(const ftp::Command& command, const ftp::Reply& reply);
    void answered_transfer(const ftp::Reply& reply);
    void answered_data_set_up(const ftp::Command& command, const ftp::Reply& reply);
    void answered_protection(const ftp::Command& command, const ftp::Reply& reply);
    void reset_login();
    void check_asked_of_backend(const ftp::Command& command) const;
    [[nodiscard]] bool sets_up_data(const std::string& line) const;
    [[nodiscard]] bool has_hosts() const;
    void check_state(const ftp::Dialogue& dialogue) const;
    [[nodiscard]] bool implicit() const;
    [[nodiscard]] bool clear_is_refused() const;
    [[nodiscard]] const ftp::Command& current() const;

    ftp::Policy policy_;
    std::deque<ftp::Command> unanswered_;
    std::deque<std::string> with_backend_;
    Control control_ = Control::clear;
    Fate fate_ = Fate::none;
    bool fresh_ticket_ = false;  ///< of the answer being checked
    bool end_follows_ = false;   ///< behind the answer being checked
    bool ended_ = false;
    bool must_end_ = false;
    bool client_gone_ = false;
    bool greeted_ = false;
    bool backend_ = false;
    bool listener_ = false;
    std::optional<net::tcp::endpoint> meeting_;  ///< where we listen for the backend
    bool client_port_ = false;                   ///< PORT or EPRT was accepted
    bool switching_ = false;                     ///< StartTls or ClearTls is being carried out
    bool rein_ = false;                          ///< why ClearTls came
    bool pbsz_ = false;
    bool protect_ = false;  ///< PROT P
    bool epsv_all_ = false;
    bool logged_in_ = false;
    bool login_counted_ = false;  ///< as refused; the answer is to follow
    std::size_t refused_logins_ = 0;
    bool log_due_ = false;  ///< a transfer was begun and not logged
    int told_ = 0;          ///< the last transfer's final reply
};

}  // namespace hsmfront::fuzz
