// FtpScene: hsmfront between an FTPS client and an FTP backend that the test plays line by line.
#pragma once

#include "tests/harness/front_stage.hpp"
#include "tests/harness/ftps_client.hpp"
#include "tests/harness/scripted_backend.hpp"

#include <gmock/gmock.h>

#include <string>

namespace hsmfront::test {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

enum class Mode { explicit_tls, implicit_tls, clear };

/// The key is a file: these tests are about FTP. One thread plays both sides, so what one side
/// sends before the other reads must fit into the sockets between (see `some`).
class FtpScene : public FrontStage {
  protected:
    FtpScene();
    /// Leaves, then stops the proxy.
    void TearDown() override;

    /// For Mode::clear, and for sessions that begin in clear. Before the first connect().
    void allow_clear();

    /// Starts the proxy if need be, connects, does TLS if implicit and reads the greeting.
    void connect(Mode mode = Mode::explicit_tls);
    /// AUTH TLS; the backend greets behind it.
    void auth();
    /// All up to a logged-in session with PROT P (Mode::clear: PROT C).
    void log_in(Mode mode = Mode::explicit_tls);

    /// The client sends `command`, the backend sees exactly that and replies; true if the client
    /// gets exactly this reply.
    [[nodiscard]] bool relayed(const std::string& command, const std::string& reply);
    /// EPSV; the port told to the client.
    [[nodiscard]] std::uint16_t passive();
    /// `command` as far as the backend's data connection and the command itself.
    void order(const std::string& command);
    /// passive(), order(), 150, and the client's data connection with TLS if PROT P.
    void begin(const std::string& command);
    /// A session with an upload or a download of which four bytes have arrived.
    void begin_upload();
    void begin_download();
    /// The backend's side of a download of some(), up to its "226 done".
    void serve_some();
    /// The client's side of it.
    void expect_some();
    /// The backend answers ABOR as one does that was interrupted.
    void answer_abor();
    /// True if the control connection still works.
    [[nodiscard]] bool alive() { return relayed("PWD", "257 \"/\""); }

    FtpsClientOptions options;
    ScriptedBackend backend;
    std::unique_ptr<FtpsClient> client;
    Wire data;    ///< the client's data connection
    Wire behind;  ///< the backend's
    bool protect = false;
    bool clear_allowed = false;
};

/// 100,000 bytes, among them all values.
[[nodiscard]] const std::string& some();

}  // namespace hsmfront::test
