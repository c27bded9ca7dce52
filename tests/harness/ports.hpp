// PortBlock: TCP ports that nobody else uses while it lives.
#pragma once

#include <cstdint>

namespace hsmfront::test {

/// 64 consecutive ports below the range the kernel picks from, so that neither another test nor a
/// client's own connection takes one between our choosing and the server's binding.
class PortBlock {
  public:
    static constexpr std::uint16_t size = 64;

    PortBlock();
    ~PortBlock();
    PortBlock(const PortBlock&) = delete;
    PortBlock& operator=(const PortBlock&) = delete;

    /// A port of the first half, free now, another one at each call.
    [[nodiscard]] std::uint16_t next();
    /// The second half, for a range of passive ports.
    [[nodiscard]] std::uint16_t range_first() const {
        return static_cast<std::uint16_t>(first_ + size / 2);
    }
    [[nodiscard]] std::uint16_t range_last() const {
        return static_cast<std::uint16_t>(first_ + size - 1);
    }

  private:
    int lock_ = -1;
    std::uint16_t first_ = 0;
    std::uint16_t used_ = 0;
};

/// True if something accepts TCP connections there.
[[nodiscard]] bool listens(std::uint16_t port);

}  // namespace hsmfront::test
