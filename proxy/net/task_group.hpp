// TaskGroup: coroutines that a frame starts and waits for. No coroutine is ever detached.
#pragma once

#include "proxy/net/event.hpp"

#include <cstddef>
#include <exception>
#include <string_view>

namespace hsmfront::net {

/// What becomes of an exception that leaves a coroutine: a line in the log. A completion handler of
/// spawn().
struct LogException {
    std::string_view name;  ///< of the coroutine; a literal
    void operator()(const std::exception_ptr& error) const;
};

/// The owner must await join() before it ends. An exception that leaves a task is logged as an
/// error with `name` and counted; it ends that task only.
class TaskGroup {
  public:
    explicit TaskGroup(Executor executor) : executor_(executor) {}
    ~TaskGroup();
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;

    /// `name` is a literal.
    void spawn(Task<void> task, std::string_view name);
    [[nodiscard]] Task<void> join();
    [[nodiscard]] std::size_t size() const noexcept { return running_; }

  private:
    Executor executor_;
    Event ended_;
    std::size_t running_ = 0;
};

}  // namespace hsmfront::net
