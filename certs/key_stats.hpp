// KeyStats: what one alias did in one token, counted.
#pragma once

#include "certs/hsm.hpp"

#include <array>
#include <atomic>

namespace hsmfront::certs {

/// What a failed signature is counted as: the classes of ckr.hpp, and a missed deadline.
enum class FailureKind { request, session, login, generation, pin, deadline };

/// Not finding the key counts as `login`: a private object is invisible without one.
[[nodiscard]] FailureKind failure_kind(const error_code& error) noexcept;

/// Any thread. Outlives the keys of a configuration, so that its counts only ever grow.
class KeyStats {
  public:
    KeyStats(std::string alias, KeyType type) : alias_(std::move(alias)), type_(type) {}

    void signature(std::chrono::nanoseconds in_token) noexcept {
        ++signatures_;
        latency_.record(in_token);
    }

    /// Each failure the token answered with, also one that a retry mended.
    void failure(const error_code& error) noexcept {
        ++errors_.at(static_cast<std::size_t>(failure_kind(error)));
    }

    [[nodiscard]] KeyStatus status(const std::string& token) const;

  private:
    const std::string alias_;
    const KeyType type_;
    std::atomic<std::uint64_t> signatures_ = 0;
    HistogramRecorder latency_;
    std::array<std::atomic<std::uint64_t>, 6> errors_{};
};

}  // namespace hsmfront::certs
