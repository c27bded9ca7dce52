// SessionTag: ties a TLS session to the FTP control session it was issued in.
#pragma once

#include <array>
#include <compare>

namespace hsmfront::tls {

/// 16 random bytes, new for each FTP control session (and again after REIN). Written into every
/// ticket of that session (SSL_SESSION_set1_ticket_appdata(3)) and compared when a data connection
/// resumes, so that only the client of the control connection can resume on its data connections.
struct SessionTag {
    std::array<unsigned char, 16> bytes{};

    [[nodiscard]] static SessionTag random();
    friend bool operator==(const SessionTag&, const SessionTag&) = default;
};

}  // namespace hsmfront::tls
