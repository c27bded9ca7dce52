#include "tests/fuzz/dialogue_rules.hpp"

#include "proxy/ftp/command_filter.hpp"
#include "proxy/ftp/endpoint.hpp"
#include "tests/fuzz/require.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace hsmfront::fuzz {
namespace {

using namespace std::string_view_literals;
using ftp::Command;
using ftp::Reply;
using ftp::TransferDirection;

/// One waits in the dialogue's hands, as many as its limit behind it.
constexpr std::size_t most_commands = 33;

template <std::size_t size>
bool is_one_of(const std::array<std::string_view, size>& verbs, std::string_view verb) {
    return std::ranges::find(verbs, verb) != verbs.end();
}

constexpr std::array logins{"USER"sv, "PASS"sv, "ACCT"sv};
constexpr std::array uploads{"STOR"sv, "STOU"sv, "APPE"sv};
constexpr std::array downloads{"RETR"sv, "LIST"sv, "NLST"sv, "MLSD"sv};
constexpr std::array always{"ABOR"sv, "FEAT"sv, "NOOP"sv, "QUIT"sv};
constexpr std::array data_set_ups{"PASV"sv, "EPSV"sv, "PORT"sv, "EPRT"sv};

bool is_transfer(std::string_view verb) {
    return is_one_of(uploads, verb) || is_one_of(downloads, verb);
}

Reply parse_answer(const std::string& wire) {
    ftp::ReplyParser parser;
    parser.append(wire);
    auto reply = parser.next();
    require(reply && *reply, "an answer is a reply");
    require((*reply)->serialise() == wire, "an answer is one reply");
    return std::move(**reply);
}

void check_feature_list(const Reply& reply) {
    require(
        std::ranges::count(reply.lines, " AUTH TLS") == 1 &&
            std::all_of(
                reply.lines.begin() + 1,
                reply.lines.end() - 1,
                [](const std::string& line) { return line.starts_with(' '); }
            ),
        "a feature list is ours"
    );
}

}  // namespace

DialogueRules::DialogueRules(ftp::Policy policy) : policy_(std::move(policy)) {
    if (implicit()) {
        control_ = Control::tls;
        protect_ = true;
    }
}

bool DialogueRules::implicit() const { return policy_.mode == config::FtpTlsMode::implicit_tls; }

bool DialogueRules::has_hosts() const {
    return policy_.hosts != nullptr && !policy_.hosts->empty();
}

bool DialogueRules::clear_is_refused() const {
    return policy_.require_tls_control && control_ == Control::clear;
}

const Command& DialogueRules::current() const {
    require(!unanswered_.empty(), "something is done for a command only");
    return unanswered_.front();
}

std::optional<std::string> DialogueRules::with_backend() const {
    return with_backend_.empty() ? std::nullopt : std::optional{with_backend_.front()};
}

void DialogueRules::command(const Command& command) { unanswered_.push_back(command); }

void DialogueRules::client_gone() {
    must_end_ = true;
    client_gone_ = true;
}

void DialogueRules::reply(const Reply& reply) {
    if (with_backend_.empty()) {
        must_end_ = !reply.preliminary();  // nothing was asked
    } else if (!reply.preliminary()) {
        with_backend_.pop_front();
    }
    must_end_ = must_end_ || (reply.code == 421 && !with_backend_.empty());
}

void DialogueRules::tls(ftp::TlsOutcome outcome) {
    switching_ = false;
    must_end_ = outcome == ftp::TlsOutcome::failed || outcome == ftp::TlsOutcome::pipelined;
    if (outcome == ftp::TlsOutcome::up) {
        reset_login();
        control_ = Control::tls;
        protect_ = false;         // RFC 4217 §9
        unanswered_.pop_front();  // 234 was written
    }
}

void DialogueRules::tls_cleared(bool done) {
    switching_ = false;
    must_end_ = !done;
    control_ = rein_ ? Control::clear : Control::cleared;
}

void DialogueRules::backend(bool connected) {
    backend_ = connected;
    must_end_ = !connected;
    if (connected) {
        with_backend_ = {""};
    }
}

void DialogueRules::data(ftp::DataEvent::Kind kind) {
    using Kind = ftp::DataEvent::Kind;
    if (kind == Kind::complete) {
        fate_ = Fate::complete;
    } else if (kind == Kind::failed || kind == Kind::backend_unreachable) {
        fate_ = Fate::broken;
    }
}

void DialogueRules::actions(const ftp::Actions& actions, const ftp::Dialogue& dialogue) {
    for (std::size_t i = 0; i < actions.size(); ++i) {
        require(!ended_, "nothing follows the end");
        end_follows_ =
            i + 1 < actions.size() && std::holds_alternative<ftp::action::End>(actions[i + 1]);
        std::visit([this](const auto& action) { check(action); }, actions[i]);
    }
    require(!login_counted_, "only refused logins are counted");
    require(!must_end_ || ended_, "what cannot go on ends");
    check_state(dialogue);
}

void DialogueRules::check_state(const ftp::Dialogue& dialogue) const {
    require(dialogue.ended() == ended_, "the end is an action");
    require(unanswered_.size() <= most_commands, "the queue is bounded");
    require(
        !dialogue.data_moving() || fate_ == Fate::open, "no idle time is counted for data only"
    );
    if (ended_) {
        require(fate_ != Fate::open, "no transfer outlives the session");
        require(!log_due_, "each transfer is logged");
        return;
    }
    require(!dialogue.logged_in() || logged_in_, "only the backend's 230 or 232 is a login");
    require(refused_logins_ < policy_.login_attempts, "refused logins are limited");
    require(!switching_ || !dialogue.wants_commands(), "no command is read while TLS changes");
    const bool will_switch = std::ranges::any_of(unanswered_, [](const Command& command) {
        return command.verb == "AUTH" || command.verb == "CCC";
    });
    require(!will_switch || !dialogue.wants_commands(), "nothing is read behind AUTH or CCC");
}

void DialogueRules::at_rest(const ftp::Dialogue& dialogue) const {
    require(unanswered_.empty(), "every command is answered");
    require(with_backend_.empty(), "nothing is asked of the backend in vain");
    require(fate_ == Fate::none && !log_due_, "no transfer is forgotten");
    require(dialogue.wants_commands(), "the dialogue goes on");
}

void DialogueRules::check(const ftp::action::Answer& answer) {
    const Reply reply = parse_answer(answer.wire);
    fresh_ticket_ = answer.fresh_ticket;
    require(answer.delay.count() == 0 || reply.code == 530, "only a refused login is delayed");
    require(reply.code != 421 || end_follows_, "421 is the last word");
    if (reply.preliminary()) {
        require(!greeted_ || !unanswered_.empty(), "a preliminary reply is to a command");
        return;
    }
    if (!greeted_) {
        greeted_ = true;
        return;
    }
    if (unanswered_.empty()) {
        require(end_follows_, "one reply for each command");
        return;
    }
    const Command command = std::move(unanswered_.front());
    unanswered_.pop_front();
    answered(command, reply);
}

void DialogueRules::answered(const Command& command, const Reply& reply) {
    if (is_transfer(command.verb)) {
        answered_transfer(reply);
    } else if (is_one_of(logins, command.verb) && reply.code == 530) {
        // Ours are for logins in clear; no backend saw them.
        const bool backends = control_ == Control::tls || !policy_.require_tls_control;
        require(
            std::exchange(login_counted_, false) == backends,
            "each refused login is counted before it is told"
        );
    } else if (!reply.completion()) {
        return;
    } else if (is_one_of(data_set_ups, command.verb)) {
        answered_data_set_up(command, reply);
    } else if (is_one_of(logins, command.verb)) {
        logged_in_ = logged_in_ || reply.code == 230 || reply.code == 232;
    } else if (command.verb == "FEAT") {
        check_feature_list(reply);
    } else if (command.verb == "QUIT") {
        require(end_follows_, "goodbye is the last word");
    } else {
        answered_protection(command, reply);
    }
}

void DialogueRules::answered_transfer(const Reply& reply) {
    require(fate_ != Fate::open, "data is complete or torn down before the final reply");
    require(!reply.completion() || fate_ == Fate::complete, "success is said of whole data only");
    fate_ = Fate::none;
    told_ = reply.code;
}

void DialogueRules::answered_data_set_up(const Command& command, const Reply& reply) {
    const bool active = command.verb == "PORT" || command.verb == "EPRT";
    if (command.verb == "EPSV" && ftp::upper(command.argument()) == "ALL") {
        epsv_all_ = true;
        return;
    }
    require(!epsv_all_ || command.verb == "EPSV", "after EPSV ALL only EPSV");
    require(fresh_ticket_, "a ticket goes with each data set-up");
    require(active || listener_, "a port is told only while it is open");
    require(reply.code == (active ? 200 : command.verb == "EPSV" ? 229 : 227), "the code fits");
    client_port_ = active;
}

void DialogueRules::answered_protection(const Command& command, const Reply& reply) {
    if (command.verb == "PBSZ") {
        require(control_ == Control::tls && reply.text() == "PBSZ=0", "PBSZ is behind TLS");
        pbsz_ = true;
    } else if (command.verb == "PROT") {
        require(control_ == Control::tls && pbsz_, "PROT is behind TLS and PBSZ");
        protect_ = ftp::upper(command.argument()) == "P";
        require(protect_ || !policy_.require_tls_data, "PROT C is refused where data needs TLS");
    } else if (command.verb == "CCC") {
        require(policy_.allow_ccc && !implicit(), "CCC is by policy");
        require(control_ == Control::tls && logged_in_, "CCC is behind TLS and login");
        rein_ = false;
    } else if (command.verb == "REIN") {
        reset_login();
        protect_ = implicit();
        rein_ = true;
        control_ = control_ == Control::cleared ? Control::clear : control_;
    } else if (command.verb == "HOST") {
        require(has_hosts() && !logged_in_, "HOST is for before the login");
    }
    require(command.verb != "AUTH", "AUTH is answered where TLS starts");
}

void DialogueRules::reset_login() {
    logged_in_ = false;
    pbsz_ = false;
}

void DialogueRules::check(const ftp::action::CountRefusedLogin& /*count*/) {
    login_counted_ = true;
    ++refused_logins_;
}

void DialogueRules::check(const ftp::action::SelectHost& select) {
    const bool known = select.name.empty() ||
                       (has_hosts() && std::ranges::any_of(*policy_.hosts, [&](const auto& host) {
                            return host.name == select.name;
                        }));
    require(known, "a host is one of the settings'");
    require(!logged_in_ || current().verb == "REIN", "nobody who is logged in changes the host");
}

void DialogueRules::check(const ftp::action::Forward& forward) {
    const Command command = ftp::parse_command(forward.line);
    check_asked_of_backend(command);
    const bool abort = forward.line == "ABOR";
    if (client_gone_) {
        require(abort || forward.line == "QUIT", "without a client nothing else is asked");
    } else if (!with_backend_.empty()) {
        require(abort && with_backend_.size() == 1, "one command at a time, but for ABOR");
        require(is_transfer(with_backend_.front()), "ABOR is for a transfer");
    } else if (is_one_of(data_set_ups, current().verb)) {
        require(sets_up_data(forward.line), "a set-up for data is ours");
    } else {
        require(forward.line == current().line, "commands go as they came");
    }
    with_backend_.push_back(command.verb);
}

void DialogueRules::check_asked_of_backend(const Command& command) const {
    require(backend_, "commands go to a backend that is there");
    require(!clear_is_refused(), "no command reaches the backend before TLS");
    require(command.line.find_first_of("\r\n\0"sv) == std::string::npos, "a command is a line");
    const bool secure = control_ == Control::tls || !policy_.require_tls_control;
    require(secure || !is_one_of(logins, command.verb), "no login in clear where TLS is required");
    const bool denied = policy_.commands != nullptr && !ftp::permits(*policy_.commands, command);
    const bool ours = is_one_of(logins, command.verb) || is_one_of(data_set_ups, command.verb) ||
                      is_one_of(always, command.verb);
    require(ours || !denied, "no command that is denied reaches the backend");
}

bool DialogueRules::sets_up_data(const std::string& line) const {
    if (policy_.backend_data == config::BackendData::passive) {
        return line == "EPSV" || line == "PASV";
    }
    require(meeting_.has_value(), "we listen before the backend is told to connect");
    return line == "EPRT " + ftp::format_eprt(*meeting_) ||
           (meeting_->address().is_v4() && line == "PORT " + ftp::format_port(*meeting_));
}

void DialogueRules::check(const ftp::action::StartTls& start) {
    require(current().verb == "AUTH" && control_ == Control::clear, "TLS is for AUTH in clear");
    require(parse_answer(start.reply).code == 234, "AUTH is answered by 234");
    require(!switching_, "one change of TLS at a time");
    switching_ = true;
}

void DialogueRules::check(const ftp::action::ClearTls& /*clear*/) {
    require(control_ == Control::tls && !switching_ && !implicit(), "TLS is there to be cleared");
    require(!rein_ || !backend_, "REIN leaves the backend's session");
    switching_ = true;
}

void DialogueRules::check(const ftp::action::ConnectBackend& /*connect*/) {
    require(!backend_, "one backend connection at a time");
    require(!clear_is_refused(), "the backend is not contacted before TLS");
}

void DialogueRules::check(const ftp::action::DropBackend& /*drop*/) {
    require(backend_, "a backend is there to be dropped");
    backend_ = false;
    with_backend_.clear();
}

void DialogueRules::check(const ftp::action::Listen& /*listen*/) {
    require(current().verb == "PASV" || current().verb == "EPSV", "a port is for a passive mode");
    require(!listener_, "one data port at a time");
}

void DialogueRules::check(const ftp::action::DropListener& /*drop*/) {
    listener_ = false;
    client_port_ = false;
    meeting_.reset();
}

void DialogueRules::check(const ftp::action::ListenBackend& /*listen*/) {
    require(policy_.backend_data == config::BackendData::active, "only active backends connect");
    require(is_one_of(data_set_ups, current().verb) && !meeting_, "one port for the backend");
}

void DialogueRules::check(const ftp::action::OpenData& open) {
    const bool upload = open.direction == TransferDirection::upload;
    const std::string& verb = current().verb;
    require(upload ? is_one_of(uploads, verb) : is_one_of(downloads, verb), "data for a transfer");
    require(backend_ && with_backend_.empty(), "data first, then the command");
    require(open.backend_port.value_or(1) != 0, "the backend's port is known");
    require(open.backend_port.has_value() != meeting_.has_value(), "one way to the backend");
    require(open.protect == protect_, "data is protected as PROT says");
    require(open.protect || !policy_.require_tls_data, "no data in clear where TLS is required");
    require(open.client_port ? client_port_ : listener_, "a set-up comes before a transfer");
    require(open.client_port.value_or(1024) >= 1024, "no connection to a well-known port");
    require(fate_ == Fate::none, "one transfer at a time");
    fate_ = Fate::open;
    log_due_ = true;
    listener_ = false;
    client_port_ = false;
    meeting_.reset();
}

void DialogueRules::check(const ftp::action::BeginData& /*begin*/) {
    require(fate_ == Fate::open, "open data begins to move");
}

void DialogueRules::check(const ftp::action::FinishData& /*finish*/) {
    require(fate_ == Fate::open, "open data is finished");
}

void DialogueRules::check(const ftp::action::ConfirmUpload& /*confirm*/) {
    require(fate_ == Fate::open, "an upload is doubted before its end");
}

void DialogueRules::check(const ftp::action::AbortData& /*abort*/) {
    fate_ = fate_ == Fate::open ? Fate::broken : fate_;
}

void DialogueRules::check(const ftp::action::LogTransfer& log) {
    require(std::exchange(log_due_, false), "a transfer is logged once");
    require(is_transfer(log.verb), "a transfer's log is about a transfer");
    const bool success = log.code / 100 == 2;
    require(!success || log.code == told_, "success is logged as it was told");
    require(success == (log.outcome == "complete"), "the log's outcome is that of its code");
}

void DialogueRules::check(const ftp::action::End& /*end*/) { ended_ = true; }

}  // namespace hsmfront::fuzz
