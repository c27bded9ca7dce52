// Balancer: HAProxy before or behind hsmfront, as a real speaker of the PROXY protocol.
#pragma once

#include "tests/harness/ports.hpp"
#include "tests/harness/process.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace hsmfront::test {

/// One way through the balancer, in HAProxy's words.
struct Way {
    std::string bind;    ///< "127.0.0.9:21", "127.0.0.9:50000-50031", with options behind it
    std::string server;  ///< "127.0.0.1:21"; without a port: the one that the client dialled
};

/// TCP only. Connects from `address`. Its log has one line a connection: "client PORT name=SNI
/// id=UNIQUE-ID", as a PROXY header in front of it told them.
class Balancer {
  public:
    Balancer(
        const std::filesystem::path& directory,
        PortBlock& ports,
        const std::string& address,
        const std::vector<Way>& ways
    );

    [[nodiscard]] std::string log() const;

  private:
    std::filesystem::path log_;
    std::uint16_t ready_;
    Process process_;
};

}  // namespace hsmfront::test
