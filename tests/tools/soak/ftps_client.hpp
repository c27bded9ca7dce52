// FtpsClient: one control connection and how its data connections are made.
#pragma once

#include "tests/tools/soak/connection.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace soak {

/// Where the proxy listens.
struct Front {
    std::uint16_t explicit_port = 0;
    std::uint16_t implicit_port = 0;
};

struct Style {
    bool implicit = false;
    int version = TLS1_3_VERSION;
    int family = AF_INET;
    bool active = false;
    bool extended = true;  ///< EPSV and EPRT, else PASV and PORT (IPv4 only)
    bool resume = true;    ///< data connections resume the control connection's session
};

class FtpsClient {
  public:
    explicit FtpsClient(Style style);

    /// Connects, does TLS, logs in, PBSZ, PROT P, TYPE I. Not after a refusal or a loss.
    [[nodiscard]] bool log_in(const Front& front);

    /// The code of the next reply; 0 when the control connection is gone.
    [[nodiscard]] int reply();
    /// The last reply's last line.
    [[nodiscard]] const std::string& text() const { return text_; }
    [[nodiscard]] bool send(std::string_view command);
    /// Both; 0 also where it cannot be sent.
    [[nodiscard]] int ask(std::string_view command);

    /// A reply that was awaited did not come for 30 s.
    [[nodiscard]] bool unanswered() const { return unanswered_; }

    /// PASV, EPSV, PORT or EPRT; the code of its reply.
    [[nodiscard]] int prepare();
    /// The data connection of the transfer that was just begun, with TLS; none if it fails.
    [[nodiscard]] std::optional<Connection> open_data();
    /// The port that the last PASV or EPSV named.
    [[nodiscard]] std::uint16_t passive_port() const { return port_; }

    [[nodiscard]] Connection& control() { return *control_; }
    [[nodiscard]] const Style& style() const { return style_; }

  private:
    [[nodiscard]] bool line(std::string& result);

    Style style_;
    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> ctx_;
    std::optional<Connection> control_;
    std::string pending_;
    std::string text_;
    Socket listener_;
    std::uint16_t port_ = 0;
    bool unanswered_ = false;
};

}  // namespace soak
