// ScriptedBackend: a plaintext FTP server whose every step the test decides.
#pragma once

#include "tests/harness/wire.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace hsmfront::test {

/// It does nothing by itself; connections wait in its listeners until the test accepts them.
class ScriptedBackend {
  public:
    explicit ScriptedBackend(const std::string& address = "127.0.0.1");

    [[nodiscard]] std::uint16_t port() const { return listener_.port(); }
    /// Takes the next control connection in place of the one before; false if none comes.
    bool accept();
    /// accept() and a greeting.
    bool greet();
    /// True if nobody connects for a while (see Wire::silent).
    [[nodiscard]] bool not_contacted();
    [[nodiscard]] Wire& control() { return control_; }
    /// From now on nobody can connect.
    void close_door() { listener_.close(); }

    /// The next command without CRLF, or to_string(Ending).
    [[nodiscard]] std::string command() { return control_.line(); }
    /// Sends `text` and CRLF.
    void reply(std::string_view text);

    /// Answers the EPSV that is to come; false if something else comes.
    bool answer_epsv();
    [[nodiscard]] std::uint16_t data_port() const { return data_.port(); }
    [[nodiscard]] Wire accept_data() { return data_.accept(); }
    [[nodiscard]] WireListener& data() { return data_; }

  private:
    WireListener listener_;
    WireListener data_;
    Wire control_;
};

}  // namespace hsmfront::test
