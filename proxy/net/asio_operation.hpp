// How coroutines wait: for an operation of Asio's, and for whatever has a list of Waiters.
#pragma once

#include "proxy/net/loop.hpp"

#include <boost/asio/deferred.hpp>

#include <coroutine>
#include <optional>
#include <tuple>
#include <utility>

namespace hsmfront::net::detail {

template <class Operation, class Signature>
class AsioOperation;

/// The operation's handler resumes the coroutine. Asio destroys handlers that it will not call.
template <class Operation, class... Results>
class AsioOperation<Operation, void(Results...)> {
  public:
    AsioOperation(Operation operation, Loop& loop)
        : operation_(std::move(operation)), loop_(loop) {}
    AsioOperation(AsioOperation&&) = delete;
    AsioOperation& operator=(AsioOperation&&) = delete;
    ~AsioOperation() { note_end(); }

    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> coroutine) {
        loop_.note_asio(1);
        begun_ = true;
        std::move(operation_)([this, coroutine](Results... results) {
            note_end();
            results_.emplace(std::move(results)...);
            coroutine.resume();
        });
    }
    [[nodiscard]] auto await_resume() {
        if constexpr (sizeof...(Results) == 1) {
            return std::get<0>(std::move(*results_));
        } else {
            static_assert(sizeof...(Results) == 0, "as_tuple makes one result of all");
        }
    }

  private:
    void note_end() noexcept {
        if (std::exchange(begun_, false)) {
            loop_.note_asio(-1);
        }
    }

    Operation operation_;
    Loop& loop_;
    bool begun_ = false;
    std::optional<std::tuple<Results...>> results_;
};

/// `wait.suspend(coroutine, loop)` puts the coroutine on a list; false: there is nothing to wait
/// for.
template <class Wait>
struct Suspension {
    Wait wait;
    Loop& loop;

    [[nodiscard]] bool await_ready() const noexcept { return wait.ready(); }
    bool await_suspend(std::coroutine_handle<> coroutine) noexcept {
        return wait.suspend(coroutine, loop);
    }
    decltype(auto) await_resume() { return wait.result(); }
};

}  // namespace hsmfront::net::detail
