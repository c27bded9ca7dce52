// The proxy under test. By default this build's; the environment names a sanitizer's instead, so
// that the tests themselves are built once.
#pragma once

#include <cstdlib>
#include <string>

namespace hsmfront::test {

/// Path of the hsmfront binary: HSMFRONT_PROGRAM of the environment, or this build's.
[[nodiscard]] const std::string& program();

/// program() or the tests are built with a sanitizer: it is slow and keeps freed memory back. Said
/// by HSMFRONT_SANITIZED of the environment where the tests are not.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline const bool sanitized = true;
#else
inline const bool sanitized = std::getenv("HSMFRONT_SANITIZED") != nullptr;
#endif

}  // namespace hsmfront::test
