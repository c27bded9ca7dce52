#include "tests/fuzz/dialogue_driver.hpp"

#include "tests/fuzz/require.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace hsmfront::fuzz {
namespace {

using Kind = ftp::DataEvent::Kind;
using Blame = ftp::DataEvent::Blame;

constexpr std::uint16_t listening_port = 50000;

/// Where the session listens for the backend.
net::tcp::endpoint meeting_point() { return {net::asio::ip::address_v4::loopback(), 40001}; }

std::string_view next_line(std::string_view& text) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
}

/// What a backend in good order says to a command.
std::string_view plain_reply(std::string_view verb) {
    if (verb.empty() || verb == "USER") {
        return verb.empty() ? "220 ready" : "331 password";
    }
    if (verb == "EPSV" || verb == "PASV") {
        return verb == "EPSV" ? "229 ok (|||4000|)" : "227 ok (127,0,0,1,15,160)";
    }
    return "226 done";
}

}  // namespace

ftp::Policy policy_of(std::string_view line) {
    const auto has = [line](char flag) { return line.find(flag) != std::string_view::npos; };
    ftp::Policy policy;
    policy.mode = has('i') ? config::FtpTlsMode::implicit_tls : config::FtpTlsMode::explicit_tls;
    policy.require_tls_control = !has('c');
    policy.require_tls_data = !has('d');
    policy.allow_ccc = has('k');
    policy.client = net::asio::ip::make_address(has('6') ? "2001:db8::1" : "192.0.2.10");
    static const config::FtpCommands deny{{}, {"DELE", "RETR", "SITE CHMOD"}};
    static const config::FtpCommands allow{{"RETR", "LIST", "PASV", "EPSV", "SITE HELP"}, {}};
    static const std::vector<config::Host> hosts{{"a.test", {"a"}}, {"*.b.test", {"b"}}};
    policy.commands = has('x') ? &deny : has('l') ? &allow : nullptr;
    policy.hosts = has('h') ? &hosts : nullptr;
    policy.login_attempts = has('1') ? 1 : 3;
    policy.login_delay = std::chrono::milliseconds{1000};
    policy.greeting = has('g') ? "Hello." : "";
    policy.backend_data = has('a') ? config::BackendData::active : config::BackendData::passive;
    if (!has('6')) {
        policy.advertised = net::asio::ip::make_address_v4("198.51.100.1");
    }
    return policy;
}

void play_script(std::string_view script) {
    DialogueDriver driver(policy_of(next_line(script)));
    while (!script.empty() && !driver.dialogue().ended()) {
        driver.play(next_line(script));
    }
    driver.settle();
    driver.finish();
}

DialogueDriver::DialogueDriver(const ftp::Policy& policy) : dialogue_(policy), rules_(policy) {
    follow(dialogue_.start());
}

void DialogueDriver::follow(ftp::Actions actions) {
    rules_.actions(actions, dialogue_);
    for (const ftp::Action& action : actions) {
        std::visit([this](const auto& one) { perform(one); }, action);
    }
}

void DialogueDriver::ask(Pending what) {
    require(pending_ == Pending::none, "the session is asked one thing at a time");
    pending_ = what;
}

void DialogueDriver::perform(const ftp::action::OpenData& open) {
    data_ = Data::connecting;
    direction_ = open.direction;
}

void DialogueDriver::perform(const ftp::action::BeginData& /*begin*/) {
    require(data_ == Data::waiting, "data begins once, after the backend's side stands");
    data_ = Data::moving;
}

void DialogueDriver::perform(const ftp::action::FinishData& /*finish*/) {
    require(data_ == Data::drained, "only a drained download is finished");
    data_ = Data::finishing;
}

void DialogueDriver::perform(const ftp::action::ConfirmUpload& /*confirm*/) {
    require(data_ == Data::moving, "only an upload that goes on is doubted");
}

void DialogueDriver::play(std::string_view event) {
    if (event.empty() || dialogue_.ended()) {
        return;
    }
    const char kind = event.front();
    event.remove_prefix(1);
    if (pending_ != Pending::none) {
        resolve(kind, event);  // the session's next event; others wait behind it
        return;
    }
    switch (kind) {
        case '>':
            command(event);
            break;
        case '<':
            backend_sends(event);
            break;
        case '=':
            advance_data();
            break;
        case 'f':
            fail_data(event);
            break;
        default:
            client_event(kind);
    }
}

void DialogueDriver::resolve(char how, std::string_view server_name) {
    if (how != '+' && how != '-' && how != '*' && how != '~') {
        return;
    }
    const bool done = how == '+';
    switch (std::exchange(pending_, Pending::none)) {
        case Pending::tls:
            resolve_tls(how, server_name);
            break;
        case Pending::cleared:
            rules_.tls_cleared(done);
            follow(dialogue_.on_tls_cleared(done));
            break;
        case Pending::backend:
            if (done) {
                backend_.emplace();
                ++connection_;
            }
            rules_.backend(done);
            follow(dialogue_.on_backend(done));
            break;
        case Pending::listening:
            rules_.listening(done);
            follow(dialogue_.on_listening(done ? std::optional{listening_port} : std::nullopt));
            break;
        case Pending::backend_listening: {
            const auto meeting = done ? std::optional{meeting_point()} : std::nullopt;
            rules_.backend_listening(meeting);
            follow(dialogue_.on_backend_listening(meeting));
            break;
        }
        case Pending::none:
            break;
    }
}

void DialogueDriver::resolve_tls(char how, std::string_view server_name) {
    using ftp::TlsOutcome;
    const auto outcome = how == '+'   ? TlsOutcome::up
                         : how == '-' ? TlsOutcome::unavailable
                         : how == '*' ? TlsOutcome::failed
                                      : TlsOutcome::pipelined;
    rules_.tls(outcome);
    follow(dialogue_.on_tls(outcome, outcome == TlsOutcome::up ? server_name : std::string_view{}));
}

void DialogueDriver::command(std::string_view line) {
    constexpr std::string_view no_part_of_a_line("\r\n\0", 3);
    if (!dialogue_.wants_commands() ||
        line.find_first_of(no_part_of_a_line) != std::string_view::npos) {
        return;
    }
    ftp::Command command = ftp::parse_command(std::string{line});
    rules_.command(command);
    follow(dialogue_.on_command(std::move(command)));
}

/// As ControlSession::handle_replies: all replies at hand, whatever they lead to, as long as they
/// are of the same connection.
void DialogueDriver::backend_sends(std::string_view bytes) {
    if (!backend_) {
        return;
    }
    std::string wire{bytes};
    for (std::size_t at = 0; (at = wire.find('\t', at)) != std::string::npos; at += 2) {
        wire.replace(at, 1, "\r\n");
    }
    backend_->append(wire.append("\r\n"));
    const int connection = connection_;
    while (backend_ && connection == connection_ && !dialogue_.ended()) {
        auto reply = backend_->next();
        if (!reply) {
            rules_.backend_gone();
            follow(dialogue_.on_backend_gone("backend broke the protocol"));
            return;
        }
        if (!*reply) {
            return;
        }
        rules_.reply(**reply);
        follow(dialogue_.on_reply(std::move(**reply)));
    }
}

void DialogueDriver::client_event(char kind) {
    if (kind == '!' && dialogue_.wants_commands()) {
        rules_.broken_line();
        follow(dialogue_.on_broken_line("bare LF"));
    } else if (kind == 'x') {
        rules_.client_gone();
        follow(dialogue_.on_client_gone("client gone"));
    } else if (kind == 'y' && backend_) {
        backend_.reset();
        rules_.backend_gone();
        follow(dialogue_.on_backend_gone("backend gone"));
    } else if (kind == 't') {
        rules_.timeout();
        follow(dialogue_.on_timeout());
    } else if (kind == 'd') {
        follow(dialogue_.on_drain());
    }
}

void DialogueDriver::advance_data() {
    switch (data_) {
        case Data::connecting:
            data_ = Data::waiting;
            data_event({Kind::backend_connected, Blame::none, 0, {}});
            break;
        case Data::moving: {
            const bool download = direction_ == ftp::TransferDirection::download;
            data_ = download ? Data::drained : Data::none;
            data_event({download ? Kind::drained : Kind::complete, Blame::none, 0, {}});
            break;
        }
        case Data::finishing:
            data_ = Data::none;
            data_event({Kind::complete, Blame::none, 0, {}});
            break;
        case Data::none:
        case Data::waiting:
        case Data::drained:
            break;
    }
}

void DialogueDriver::fail_data(std::string_view how) {
    if (data_ == Data::connecting) {
        data_ = Data::none;
        data_event({Kind::backend_unreachable, Blame::none, 0, {}});
    } else if (data_ == Data::moving || data_ == Data::finishing) {
        data_ = Data::none;
        const char who = how.empty() ? 'n' : how.front();
        const char code = how.size() < 2 ? '6' : how[1];
        data_event(
            {Kind::failed,
             who == 'c'   ? Blame::client
             : who == 'b' ? Blame::backend
                          : Blame::none,
             code == '4'   ? 425
             : code == '5' ? 522
                           : 426,
             "Data connection failed."}
        );
    }
}

void DialogueDriver::data_event(ftp::DataEvent event) {
    rules_.data(event.kind);
    follow(dialogue_.on_data(std::move(event)));
}

bool DialogueDriver::one_step() {
    if (pending_ != Pending::none) {
        resolve('+', {});
        return true;
    }
    if (data_ == Data::connecting || data_ == Data::moving || data_ == Data::finishing) {
        advance_data();
        return true;
    }
    const auto asked = rules_.with_backend();
    if (backend_ && asked) {
        backend_sends(plain_reply(*asked));
        return true;
    }
    return false;
}

void DialogueDriver::settle() {
    constexpr int most_steps = 1000;
    int steps = 0;
    while (!dialogue_.ended() && one_step()) {
        require(++steps < most_steps, "the dialogue comes to rest");
    }
    if (!dialogue_.ended()) {
        rules_.at_rest(dialogue_);
    }
}

void DialogueDriver::finish() {
    if (!dialogue_.ended()) {
        follow(dialogue_.on_drain());
        if (!dialogue_.ended()) {  // a data connection was announced
            follow(dialogue_.on_timeout());
        }
        require(dialogue_.ended(), "a dialogue at rest ends when the proxy stops");
    }
    follow(dialogue_.on_command(ftp::parse_command("NOOP")));
    follow(dialogue_.on_reply(ftp::make_reply(421, "late")));
    follow(dialogue_.on_data({Kind::complete, Blame::none, 0, {}}));
    follow(dialogue_.on_backend_gone("late"));
    follow(dialogue_.on_client_gone("late"));
    follow(dialogue_.on_broken_line("late"));
    follow(dialogue_.on_timeout());
    follow(dialogue_.on_drain());
}

}  // namespace hsmfront::fuzz
