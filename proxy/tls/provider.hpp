// The in-process OpenSSL provider behind OffloadedKey: shared between its key management and its
// signatures. See provider-keymgmt(7) and provider-signature(7).
#pragma once

#include "certs/handle.hpp"
#include "certs/remote_key.hpp"

#include <openssl/core_dispatch.h>
#include <openssl/types.h>

#include <memory>

namespace hsmfront::tls::provider {

/// A key as the provider holds it. `remote` is empty for a public key that OpenSSL imported to
/// compare with ours.
struct KeyData {
    const char* type = "";  ///< "RSA", "EC", "ED25519"
    certs::EvpPkeyPtr public_key;
    std::shared_ptr<certs::RemoteKey> remote;
};

/// Parameter that carries the address of a std::shared_ptr<certs::RemoteKey> into import().
inline constexpr const char* remote_key_param = "hsmfront-remote-key";

/// Null-terminated algorithm tables for query_operation.
[[nodiscard]] const OSSL_ALGORITHM* key_management_algorithms();
[[nodiscard]] const OSSL_ALGORITHM* signature_algorithms();

/// The library context in which the provider is loaded, made at first use; null if that failed.
[[nodiscard]] OSSL_LIB_CTX* library_context();

/// OSSL_DISPATCH holds every function as this type.
using DispatchFunction = void (*)();

template <class Function>
[[nodiscard]] DispatchFunction dispatch(Function* function) {
    return reinterpret_cast<DispatchFunction>(function);
}

}  // namespace hsmfront::tls::provider
