// Front: the real hsmfront binary with a configuration of the test's making.
#include "tests/harness/front.hpp"

#include "tests/harness/files.hpp"
#include "tests/harness/program.hpp"

#include <sstream>

namespace hsmfront::test {
namespace {

std::string line(const std::string& text) { return "  " + text + "\n"; }

std::string yes_no(bool value) { return value ? "true" : "false"; }

std::string endpoint(const std::string& address, std::uint16_t port, const std::string& more = "") {
    return "{ address: \"" + address + "\", port: " + std::to_string(port) + more + " }";
}

std::string indented(const std::string& text) {
    std::istringstream lines(text);
    std::string result;
    for (std::string one; std::getline(lines, one);) {
        result += line(one);
    }
    return result;
}

std::string yaml_of(const HsmPart& hsm) {
    if (!hsm.present) {
        return "";
    }
    return "hsm:\n" + line("module: " + hsm.module) + line("token: " + hsm.token) +
           (hsm.pin.empty() ? "" : line("pin: " + hsm.pin)) + indented(hsm.extra);
}

std::string yaml_of(const FtpPart& ftp) {
    if (!ftp.enabled) {
        return "ftp:\n" + line("enabled: false");
    }
    return "ftp:\n" + line("enabled: true") + line("hsm: { enabled: " + yes_no(ftp.hsm) + " }") +
           line("alias: " + ftp.alias) + line("listen:") +
           line("  - " + endpoint(ftp.address, ftp.explicit_port, ", tls: explicit")) +
           line("  - " + endpoint(ftp.address, ftp.implicit_port, ", tls: implicit")) +
           line(
               "backend: " + endpoint(ftp.backend_address, ftp.backend_port, ftp.backend_options)
           ) +
           line(
               "data: { passive_ports: " + std::to_string(ftp.passive_first) + "-" +
               std::to_string(ftp.passive_last) + (ftp.data.empty() ? "" : ", " + ftp.data) + " }"
           ) +
           indented(ftp.extra);
}

std::string backends_of(const HttpPart& http) {
    if (http.backends.empty()) {
        return "backend: " +
               endpoint(http.backend_address, http.backend_port, http.backend_options);
    }
    std::string list;
    for (const std::uint16_t port : http.backends) {
        list += (list.empty() ? "" : ", ") + endpoint("127.0.0.1", port);
    }
    return "backends: [" + list + "]";
}

std::string yaml_of(const HttpPart& http) {
    if (!http.enabled) {
        return "http:\n" + line("enabled: false");
    }
    return "http:\n" + line("enabled: true") + line("hsm: { enabled: " + yes_no(http.hsm) + " }") +
           line("alias: " + http.alias) +
           line("listen: [" + endpoint(http.address, http.port) + "]") + line(backends_of(http)) +
           indented(http.extra);
}

/// The number behind `name` in /proc/PID/FILE; 0 if there is none.
std::size_t proc_value(pid_t process, const std::string& file, const std::string& name) {
    std::istringstream fields(text_of("/proc/" + std::to_string(process) + "/" + file));
    std::size_t value = 0;
    for (std::string field; fields >> field;) {
        if (field == name) {
            fields >> value;
        }
    }
    return value;
}

}  // namespace

std::string FrontConfig::yaml() const {
    return yaml_of(hsm) + "certificates: " + certificates.string() + "\n" + yaml_of(ftp) +
           yaml_of(http) + "shutdown: { drain: " + drain + " }\n" +
           (sandbox.empty() ? "" : "sandbox: " + sandbox + "\n") + extra;
}

Front::Front(const FrontConfig& config, const std::filesystem::path& directory, int terminal)
    : log_(directory / "hsmfront.log") {
    const auto file = directory / "hsmfront.yaml";
    write_file(file, config.yaml());
    Command command;
    command.argv = config.wrapper;
    for (const std::string& word :
         {program(), std::string("serve"), std::string("-c"), file.string()}) {
        command.argv.push_back(word);
    }
    command.env = config.env;
    command.directory = directory;
    command.output = log_;
    command.terminal = terminal;
    process_ = std::make_unique<Process>(command);
}

std::string Front::log() const { return text_of(log_); }

bool Front::up(const std::string& protocol, milliseconds limit) {
    return logged("protocol " + protocol + " is up", limit);
}

bool Front::logged(const std::string& text, milliseconds limit) {
    const auto found = [&] { return log().find(text) != std::string::npos; };
    const bool ended = !eventually([&] { return found() || !process_->running(); }, limit);
    return !ended && found();
}

std::string Front::line_with(const std::string& text) const {
    std::istringstream lines(log());
    for (std::string one; std::getline(lines, one);) {
        if (one.find(text) != std::string::npos) {
            return one;
        }
    }
    return "";
}

std::size_t Front::error_lines() const {
    std::istringstream lines(log());
    std::size_t count = 0;
    for (std::string one; std::getline(lines, one);) {
        std::string time;
        std::string level;
        std::istringstream(one) >> time >> level;
        count += level == "error" ? 1 : 0;
    }
    return count;
}

std::size_t Front::peak_memory_kib() const {
    return proc_value(process_->pid(), "status", "VmHWM:");
}

std::size_t Front::private_memory_kib() const {
    return proc_value(process_->pid(), "smaps_rollup", "Private_Dirty:");
}

}  // namespace hsmfront::test
