// Http2Memory: where nghttp2 keeps what belongs to one connection.
#pragma once

#include <cstddef>
#include <nghttp2/nghttp2.h>

namespace hsmfront::http {

/// nghttp2 holds 16 KiB for the frame that it sends as long as the connection lives, and mostly
/// uses its first bytes (contents do not pass through it). Such blocks get pages of their own here,
/// and pages that were never touched cost nothing. Outlives the session that uses it.
class Http2Memory {
  public:
    Http2Memory() = default;
    ~Http2Memory();
    Http2Memory(const Http2Memory&) = delete;
    Http2Memory& operator=(const Http2Memory&) = delete;

    /// For nghttp2_session_server_new3(3).
    [[nodiscard]] nghttp2_mem functions() noexcept;

  private:
    struct Pages;

    [[nodiscard]] void* allocate(std::size_t size) noexcept;
    void release(void* block) noexcept;
    [[nodiscard]] void* resize(void* block, std::size_t size) noexcept;
    /// What points at the pages of `block`; at null if it has none.
    [[nodiscard]] Pages** find(const void* block) noexcept;

    Pages* first_ = nullptr;
};

}  // namespace hsmfront::http
