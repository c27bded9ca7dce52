// HandshakeEvidence: what is known when a handshake has failed, and what it means.
#pragma once

#include "config/result.hpp"
#include "proxy/tls/handshake_failure.hpp"
#include "proxy/tls/handshake_watch.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace hsmfront::tls {

struct HandshakeEvidence {
    error_code error;            ///< how it ended
    int reason = 0;              ///< OpenSSL's (ERR_GET_REASON of the SSL library); 0: none
    std::string words;           ///< OpenSSL's, may be empty
    WireSigns signs;             ///< what went over the wire
    std::uint64_t received = 0;  ///< bytes of the client's
    /// Why the signature was not made; empty: none was asked for, or it was made.
    error_code signature;
    std::optional<HandshakeFailure> refusal;  ///< noted by one of our callbacks
    /// That are served: TLS1_2_VERSION, TLS1_3_VERSION.
    int oldest_version = 0;
    int newest_version = 0;
    std::chrono::milliseconds limit{0};  ///< timeouts.handshake
};

/// Finds the cause. Text of the client's is quoted in the words, and bounded.
[[nodiscard]] HandshakeFailure explain(const HandshakeEvidence& evidence);

/// True if the cause is that client and server have nothing in common, so that the log should show
/// what each of them offers.
[[nodiscard]] bool is_mismatch(HandshakeCause cause) noexcept;

}  // namespace hsmfront::tls
