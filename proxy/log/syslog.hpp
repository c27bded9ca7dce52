// Syslog: lines as datagrams to a syslog daemon.
#pragma once

#include "config/settings.hpp"
#include "proxy/log/target.hpp"

#include <chrono>

namespace hsmfront::log {

/// Who sends.
struct Sender {
    std::string host;  ///< as RFC 5424 §6.2.4 has it; "-": not known
    int process = 0;
    int facility = 3;  ///< RFC 5424 §6.2.1, table 1
};

/// As syslog(3) writes to a unix socket: RFC 3164 without the host, in local time.
[[nodiscard]] std::string local_datagram(
    const Sender& sender, const Written& line, std::chrono::system_clock::time_point now
);

/// As RFC 5424 has it, with the component as MSGID and no structured data.
[[nodiscard]] std::string rfc5424_datagram(
    const Sender& sender, const Written& line, std::chrono::system_clock::time_point now
);

/// The number of `facility`, one of config::Syslog::facility.
[[nodiscard]] int facility_number(std::string_view facility);

/// Never fails: the daemon may come and go. No line waits for one that is slow longer than a
/// moment, nor does any after it until the daemon takes lines again. Lines are cut at 8 KiB, as
/// daemons do.
[[nodiscard]] std::shared_ptr<Target> open_syslog(const config::Syslog& settings);

}  // namespace hsmfront::log
