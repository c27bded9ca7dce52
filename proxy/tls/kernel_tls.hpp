// Whether the kernel can encrypt TLS records itself (kTLS).
#pragma once

namespace hsmfront::tls {

/// It has the protocol "tls" for TCP_ULP (tcp(7)). Asked once; where it has not, OpenSSL need not
/// try it in each handshake, which costs two system calls.
[[nodiscard]] bool kernel_has_tls() noexcept;

}  // namespace hsmfront::tls
