// Descriptor: a file descriptor that is closed when its owner ends.
#pragma once

#include "config/result.hpp"

#include <utility>

namespace hsmfront::net {

class Descriptor {
  public:
    Descriptor() noexcept = default;
    explicit Descriptor(int fd) noexcept : fd_(fd) {}
    ~Descriptor() { reset(); }
    Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        reset(other.release());
        return *this;
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    /// Closed on exec(3), as all are. Errc: those of fcntl(2), F_DUPFD_CLOEXEC.
    [[nodiscard]] static Result<Descriptor> duplicate_of(int fd) noexcept;

    [[nodiscard]] int get() const noexcept { return fd_; }
    [[nodiscard]] explicit operator bool() const noexcept { return fd_ >= 0; }
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
    void reset(int fd = -1) noexcept;

  private:
    int fd_ = -1;
};

}  // namespace hsmfront::net
