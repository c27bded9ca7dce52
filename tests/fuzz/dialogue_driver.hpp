// DialogueDriver: plays ControlSession's part for a Dialogue, without sockets, from a script.
#pragma once

#include "proxy/ftp/dialogue.hpp"
#include "tests/fuzz/dialogue_rules.hpp"

#include <optional>
#include <string_view>

namespace hsmfront::fuzz {

/// Events come in the order in which ControlSession would bring them; what cannot happen at a point
/// of a script is left out there. Throws Violated when a rule is broken.
///
/// A script has a line for each event:
///     >LINE    the client sends a command     <LINE    the backend sends this; a tab is CRLF
///     + - * ~  what the session is asked to do succeeds, cannot be done, fails; bytes came behind
///              AUTH in clear; +NAME: TLS is up and the client asked for NAME
///     =        data: the backend connected; all bytes are through; the end is through
///     fBC      data: failed, B who is to blame (c, b, n), C the code (4: 425, 5: 522, else 426)
///     !        the client sends what is no command
///     x y      the client is gone, the backend is gone
///     t d      timeout, drain
class DialogueDriver {
  public:
    explicit DialogueDriver(const ftp::Policy& policy);

    void play(std::string_view event);
    /// A backend and a network that do what they should: the dialogue has to come to rest.
    void settle();
    /// The proxy stops: the dialogue has to end. Afterwards nothing moves it.
    void finish();

    [[nodiscard]] const ftp::Dialogue& dialogue() const noexcept { return dialogue_; }

  private:
    enum class Pending { none, tls, cleared, backend, listening, backend_listening };
    enum class Data { none, connecting, waiting, moving, drained, finishing };

    void follow(ftp::Actions actions);
    void perform(const ftp::action::Answer&) {}
    void perform(const ftp::action::CountRefusedLogin&) {}
    void perform(const ftp::action::SelectHost&) {}
    void perform(const ftp::action::Forward&) {}
    void perform(const ftp::action::StartTls&) { ask(Pending::tls); }
    void perform(const ftp::action::ClearTls&) { ask(Pending::cleared); }
    void perform(const ftp::action::ConnectBackend&) { ask(Pending::backend); }
    void perform(const ftp::action::DropBackend&) { backend_.reset(); }
    void perform(const ftp::action::Listen&) { ask(Pending::listening); }
    void perform(const ftp::action::DropListener&) {}
    void perform(const ftp::action::ListenBackend&) { ask(Pending::backend_listening); }
    void perform(const ftp::action::OpenData& open);
    void perform(const ftp::action::BeginData&);
    void perform(const ftp::action::FinishData&);
    void perform(const ftp::action::AbortData&) { data_ = Data::none; }
    void perform(const ftp::action::LogTransfer&) {}
    void perform(const ftp::action::End&) {}

    void ask(Pending what);
    void resolve(char how, std::string_view server_name);
    void resolve_tls(char how, std::string_view server_name);
    void command(std::string_view line);
    void backend_sends(std::string_view bytes);
    void client_event(char kind);
    void advance_data();
    void fail_data(std::string_view how);
    void data_event(ftp::DataEvent event);
    [[nodiscard]] bool one_step();

    ftp::Dialogue dialogue_;
    DialogueRules rules_;
    Pending pending_ = Pending::none;
    Data data_ = Data::none;
    ftp::TransferDirection direction_ = ftp::TransferDirection::download;
    std::optional<ftp::ReplyParser> backend_;
    int connection_ = 0;  ///< counts the backend's connections
};

/// The first line of a script: i implicit TLS, c control may be in clear, d data may be in clear,
/// k CCC is allowed, 6 an IPv6 client, a the backend connects for data, g a greeting of our own,
/// h there are hosts, x some commands are denied, l some alone are allowed, 1 one login attempt.
[[nodiscard]] ftp::Policy policy_of(std::string_view line);

/// Plays a whole script: policy, events, then settle() and finish().
void play_script(std::string_view script);

}  // namespace hsmfront::fuzz
