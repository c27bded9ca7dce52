#include "tests/harness/scripted_backend.hpp"

namespace hsmfront::test {

ScriptedBackend::ScriptedBackend(const std::string& address) : listener_(address), data_(address) {}

bool ScriptedBackend::accept() {
    control_ = listener_.accept();
    return control_.open();
}

bool ScriptedBackend::greet() {
    const bool there = accept();
    reply("220 backend");
    return there;
}

bool ScriptedBackend::not_contacted() { return !listener_.accept(200ms).open(); }

void ScriptedBackend::reply(std::string_view text) {
    control_.send(std::string(text).append("\r\n"));
}

bool ScriptedBackend::answer_epsv() {
    const bool asked = command() == "EPSV";
    reply("229 Extended passive (|||" + std::to_string(data_port()) + "|)");
    return asked;
}

}  // namespace hsmfront::test
