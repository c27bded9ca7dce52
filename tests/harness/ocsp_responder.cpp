#include "tests/harness/ocsp_responder.hpp"

#include "certs/certificate_text.hpp"
#include "tests/harness/files.hpp"
#include "tests/harness/ports.hpp"
#include "tests/support/temp_dir.hpp"

namespace hsmfront::test {

OcspServer::OcspServer(const std::filesystem::path& folder, std::uint16_t port)
    : folder_(folder), port_(port) {}

std::string OcspServer::url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/"; }

void OcspServer::add(const X509* certificate, bool revoked) {
    // openssl-ca(1)'s text database.
    index_ += std::string(revoked ? "R" : "V") + "\t330101000000Z\t" +
              (revoked ? "250101000000Z,keyCompromise" : "") + "\t" +
              certs::serial_text(certificate) +
              "\tunknown\t/CN=" + certs::serial_text(certificate) + "\n";
}

bool OcspServer::start(int minutes) {
    process_.reset();
    write_file(folder_ / "index.txt", index_);
    Command command;
    command.argv = {
        "openssl",
        "ocsp",
        "-index",
        (folder_ / "index.txt").string(),
        "-port",
        std::to_string(port_),
        "-rsigner",
        (folder_ / "ca.pem").string(),
        "-rkey",
        (folder_ / "ca.key").string(),
        "-CA",
        (folder_ / "ca.pem").string(),
        "-nmin",
        std::to_string(minutes)};
    command.output = folder_ / "responder.log";
    std::filesystem::remove(command.output);
    process_ = std::make_unique<Process>(command);
    // Not by connecting: it would wait for a request on that connection, for ever and busily.
    const auto waits = [&command] {
        return text_of(command.output).find("ACCEPT") != std::string::npos;
    };
    return eventually([&] { return waits() || !process_->running(); }) && process_->running();
}

ScriptedResponder::ScriptedResponder(Script script)
    : script_(std::move(script)), thread_([this] { serve(); }) {}

ScriptedResponder::~ScriptedResponder() {
    stopping_ = true;
    thread_.join();
}

std::string ScriptedResponder::url() const {
    return "http://127.0.0.1:" + std::to_string(listener_.port()) + "/";
}

void ScriptedResponder::follow(Script script) {
    const std::lock_guard lock(mutex_);
    script_ = std::move(script);
}

void ScriptedResponder::serve() {
    while (!stopping_) {
        Wire connection = listener_.accept(100ms);
        if (!connection.open()) {
            continue;
        }
        ++connections_;
        const std::lock_guard lock(mutex_);
        script_(std::move(connection));
    }
}

void ScriptedResponder::answer(Wire& connection, const std::vector<unsigned char>& der) {
    static_cast<void>(connection.until("\r\n\r\n"));
    connection.send(
        "HTTP/1.0 200 OK\r\nContent-Type: application/ocsp-response\r\nContent-Length: " +
        std::to_string(der.size()) + "\r\n\r\n"
    );
    connection.send({reinterpret_cast<const char*>(der.data()), der.size()});
    connection.send_fin();
    static_cast<void>(connection.rest());
}

}  // namespace hsmfront::test
