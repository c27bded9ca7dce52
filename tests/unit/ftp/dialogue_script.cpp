#include "dialogue_script.hpp"

namespace hsmfront::ftp::test {
namespace {

struct Describe {
    std::string operator()(const action::Answer& a) const {
        const std::string wait = a.delay.count() != 0 ? "slow " : "";
        return wait + (a.fresh_ticket ? "C+ " : "C ") + a.wire.substr(0, 3);
    }
    std::string operator()(const action::CountRefusedLogin&) const { return "count"; }
    std::string operator()(const action::SelectHost& a) const { return "host " + a.name; }
    std::string operator()(const action::Forward& a) const { return "B " + a.line; }
    std::string operator()(const action::StartTls& a) const {
        return "start-tls " + a.reply.substr(0, 3);
    }
    std::string operator()(const action::ClearTls&) const { return "clear-tls"; }
    std::string operator()(const action::ConnectBackend&) const { return "connect"; }
    std::string operator()(const action::DropBackend&) const { return "drop"; }
    std::string operator()(const action::Listen&) const { return "listen"; }
    std::string operator()(const action::DropListener&) const { return "unlisten"; }
    std::string operator()(const action::ListenBackend&) const { return "listen-backend"; }
    std::string operator()(const action::OpenData& a) const {
        std::string word = a.direction == TransferDirection::upload ? "upload" : "download";
        word += a.protect ? " P " : " C ";
        word += a.backend_port ? std::to_string(*a.backend_port) : "from backend";
        return a.client_port ? word + " to " + std::to_string(*a.client_port) : word;
    }
    std::string operator()(const action::BeginData&) const { return "begin"; }
    std::string operator()(const action::FinishData&) const { return "finish"; }
    std::string operator()(const action::ConfirmUpload&) const { return "confirm"; }
    std::string operator()(const action::AbortData&) const { return "abort"; }
    std::string operator()(const action::LogTransfer& a) const {
        return "log " + std::to_string(a.code) + " " + a.outcome;
    }
    std::string operator()(const action::End& a) const { return a.orderly ? "end" : "cut"; }
};

}  // namespace

std::string word_of(const Action& action) { return std::visit(Describe{}, action); }

Words words_of(const Actions& actions) {
    Words words;
    for (const Action& action : actions) {
        if (!std::holds_alternative<action::LogTransfer>(action)) {
            words.push_back(word_of(action));
        }
    }
    return words;
}

Policy DialogueScript::default_policy() {
    Policy policy;
    policy.client = net::asio::ip::make_address(client_address);
    policy.advertised = net::asio::ip::make_address_v4("198.51.100.1");
    return policy;
}

void DialogueScript::begin(const Policy& policy) { dialogue_.emplace(policy); }

void DialogueScript::log_in(const Policy& policy) {
    begin(policy);
    ASSERT_EQ(shown(dialogue_->start()), Words{"C 220"});
    ASSERT_EQ(command("AUTH TLS"), Words{"start-tls 234"});
    ASSERT_EQ(shown(dialogue_->on_tls(TlsOutcome::up)), (Words{"unlisten", "connect"}));
    ASSERT_EQ(shown(dialogue_->on_backend(true)), Words{});
    ASSERT_EQ(reply("220 backend"), Words{});
    ASSERT_EQ(command("USER ann"), Words{"B USER ann"});
    ASSERT_EQ(reply("331 password"), Words{"C 331"});
    ASSERT_EQ(command("PASS x"), Words{"B PASS x"});
    ASSERT_EQ(reply("230 in"), Words{"C 230"});
    ASSERT_EQ(command("PBSZ 0"), Words{"C 200"});
    ASSERT_EQ(command("PROT P"), Words{"C 200"});
}

void DialogueScript::set_up_passive() {
    ASSERT_EQ(command("PASV"), (Words{"unlisten", "B EPSV"}));
    ASSERT_EQ(reply("229 ok (|||4000|)"), Words{"listen"});
    ASSERT_EQ(shown(dialogue_->on_listening(50000)), Words{"C+ 227"});
}

void DialogueScript::start(std::string_view line) {
    set_up_passive();
    static_cast<void>(command(line));
    ASSERT_EQ(data(DataEvent::Kind::backend_connected), Words{"B " + std::string{line}});
}

void DialogueScript::start_moving(std::string_view line) {
    start(line);
    ASSERT_EQ(reply("150 here it comes"), (Words{"C 150", "begin"}));
}

Words DialogueScript::command(std::string_view line) {
    return shown(dialogue_->on_command(parse_command(std::string{line})));
}

Words DialogueScript::reply(std::string_view line) {
    ReplyParser parser;
    parser.append(std::string{line} + "\r\n");
    const auto parsed = parser.next();
    EXPECT_TRUE(parsed && *parsed) << line;
    return shown(dialogue_->on_reply(**parsed));
}

Words DialogueScript::data(DataEvent::Kind kind) {
    return shown(dialogue_->on_data({kind, DataEvent::Blame::none, 0, {}}));
}

Words DialogueScript::data_failed(DataEvent::Blame blame, int code) {
    return shown(dialogue_->on_data({DataEvent::Kind::failed, blame, code, "failed"}));
}

Words DialogueScript::shown(const Actions& actions) {
    for (const Action& action : actions) {
        if (const auto* answer = std::get_if<action::Answer>(&action)) {
            last_answer_ = answer->wire;
        }
        if (std::holds_alternative<action::LogTransfer>(action)) {
            logged_.push_back(word_of(action));
        }
    }
    return words_of(actions);
}

}  // namespace hsmfront::ftp::test
