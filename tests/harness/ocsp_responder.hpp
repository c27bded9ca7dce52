// OCSP responders: OpenSSL's own, and one whose every answer the test decides.
#pragma once

#include "tests/harness/process.hpp"
#include "tests/harness/wire.hpp"

#include <openssl/x509.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace hsmfront::test {

/// `openssl ocsp` for the certificates of one CA, which signs the responses itself.
class OcspServer {
  public:
    /// Files in `folder`, which must hold ca.pem and ca.key.
    OcspServer(const std::filesystem::path& folder, std::uint16_t port);

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::string url() const;
    /// Knows `certificate` from the next start() on.
    void add(const X509* certificate, bool revoked = false);
    /// Starts it, anew if it runs; false if it does not listen in time. `minutes`: how long its
    /// responses hold.
    [[nodiscard]] bool start(int minutes = 60);
    void stop() { process_.reset(); }

  private:
    const std::filesystem::path folder_;
    const std::uint16_t port_;
    std::string index_;
    std::unique_ptr<Process> process_;
};

/// Does with each connection what the test says, on a thread of its own.
class ScriptedResponder {
  public:
    /// Takes over the connection; must return soon.
    using Script = std::function<void(Wire)>;

    explicit ScriptedResponder(Script script);
    ~ScriptedResponder();
    ScriptedResponder(const ScriptedResponder&) = delete;
    ScriptedResponder& operator=(const ScriptedResponder&) = delete;

    [[nodiscard]] std::string url() const;
    void follow(Script script);
    [[nodiscard]] int connections() const { return connections_; }

    /// Reads a request and answers `der` as a responder does.
    static void answer(Wire& connection, const std::vector<unsigned char>& der);

  private:
    void serve();

    WireListener listener_;
    std::mutex mutex_;
    Script script_;
    std::atomic<int> connections_ = 0;
    std::atomic<bool> stopping_ = false;
    std::thread thread_;
};

}  // namespace hsmfront::test
