// OffloadedKey: an EVP_PKEY with the public half only, whose signatures are made elsewhere.
#pragma once

#include "certs/handle.hpp"
#include "certs/remote_key.hpp"
#include "config/result.hpp"

#include <memory>

namespace hsmfront::tls {

/// A key for SSL_CTX_use_PrivateKey(3). It belongs to an OpenSSL provider of ours that lives in
/// this process and in a library context of its own, so that no other fetch ever finds it
/// (provider(7)). Each signature goes to `key` through the SignWait of the connection that asks.
/// Null if OpenSSL refuses the key (reason in its error queue).
[[nodiscard]] certs::EvpPkeyPtr make_offloaded_key(std::shared_ptr<certs::RemoteKey> key);

}  // namespace hsmfront::tls
