// Task: the coroutine in which everything that waits is written, and spawn(), which starts one.
//
// Asio's own awaitable does the same. This one costs a fraction of it: no thread of frames beside
// the frames, and a call that waits for nothing is a call and a return.
#pragma once

#include "proxy/net/asio_operation.hpp"
#include "proxy/net/frame_memory.hpp"
#include "proxy/net/loop.hpp"

#include <boost/asio/this_coro.hpp>

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

namespace hsmfront::net {

template <class T>
class Task;

namespace detail {

/// Resumes whoever awaited the task, if it was suspended. It may destroy this frame.
struct Return {
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> done) const noexcept {
        if (const auto caller = done.promise().caller) {
            caller.resume();
        }
    }
    void await_resume() const noexcept {}
};

/// What the callee of a co_await is to the caller. Starting it within await_ready() lets one that
/// waits for nothing return without any suspension, and keeps the stack flat in a loop of such.
template <class Promise>
struct Call {
    std::coroutine_handle<Promise> callee;

    [[nodiscard]] bool await_ready() const {
        callee.resume();
        return callee.done();
    }
    void await_suspend(std::coroutine_handle<> caller) const noexcept {
        callee.promise().caller = caller;
    }
    decltype(auto) await_resume() const { return callee.promise().result(); }
};

/// Of every coroutine: it knows its loop, by whom it is called, and hands both on.
struct Promise {
    Loop* loop = nullptr;
    std::coroutine_handle<> caller;
    std::exception_ptr error;

    static void* operator new(std::size_t size) { return allocate_frame(size); }
    static void operator delete(void* frame, std::size_t size) noexcept { free_frame(frame, size); }

    [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
    [[nodiscard]] Return final_suspend() const noexcept { return {}; }
    void unhandled_exception() noexcept { error = std::current_exception(); }

    template <class T>
    [[nodiscard]] auto await_transform(Task<T>&& task) noexcept {
        return task.called_from(*loop);
    }
    /// An operation of Asio's with a deferred token.
    template <class Signature, class Initiation, class... Args>
    [[nodiscard]] auto await_transform(
        boost::asio::deferred_async_operation<Signature, Initiation, Args...> operation
    ) {
        return AsioOperation<decltype(operation), Signature>(std::move(operation), *loop);
    }
    /// What waits by a Waiter: it suspends with the loop.
    template <class Wait>
    requires requires(Wait& wait, std::coroutine_handle<> h, Loop& l) { wait.suspend(h, l); }
    [[nodiscard]] auto await_transform(Wait wait) noexcept {
        return Suspension<Wait>{std::move(wait), *loop};
    }
    [[nodiscard]] auto await_transform(boost::asio::this_coro::executor_t) const noexcept {
        return Ready<Loop::Executor>{loop->executor()};
    }

    void rethrow() const {
        if (error) {
            std::rethrow_exception(error);
        }
    }

  private:
    template <class T>
    struct Ready : std::suspend_never {
        T value;
        explicit Ready(T v) : value(std::move(v)) {}
        [[nodiscard]] T await_resume() const { return value; }
    };
};

template <class T>
struct TaskPromise : Promise {
    std::optional<T> value;

    [[nodiscard]] Task<T> get_return_object() noexcept;
    template <class U>
    void return_value(U&& result) {
        value.emplace(std::forward<U>(result));
    }
    [[nodiscard]] T result() {
        rethrow();
        return std::move(*value);
    }
};

template <>
struct TaskPromise<void> : Promise {
    [[nodiscard]] Task<void> get_return_object() noexcept;
    void return_void() const noexcept {}
    void result() const { rethrow(); }
};

}  // namespace detail

/// Runs once it is awaited. Owns its frame.
template <class T>
class [[nodiscard]] Task {
  public:
    using promise_type = detail::TaskPromise<T>;

    explicit Task(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}
    Task(Task&& other) noexcept : frame_(std::exchange(other.frame_, {})) {}
    Task& operator=(Task&& other) noexcept {
        std::swap(frame_, other.frame_);
        return *this;
    }
    ~Task() {
        if (frame_) {
            frame_.destroy();
        }
    }

    [[nodiscard]] auto called_from(Loop& loop) const noexcept {
        frame_.promise().loop = &loop;
        return detail::Call<promise_type>{frame_};
    }

  private:
    std::coroutine_handle<promise_type> frame_;
};

namespace detail {

template <class T>
Task<T> TaskPromise<T>::get_return_object() noexcept {
    return Task<T>(std::coroutine_handle<TaskPromise>::from_promise(*this));
}
inline Task<void> TaskPromise<void>::get_return_object() noexcept {
    return Task<void>(std::coroutine_handle<TaskPromise>::from_promise(*this));
}

/// The frame under all others of a spawned task. It ends by itself, or with its loop.
struct Root {
    struct promise_type : Promise, Loop::Root {
        [[nodiscard]] detail::Root get_return_object() noexcept {
            return {std::coroutine_handle<promise_type>::from_promise(*this)};
        }
        [[nodiscard]] std::suspend_never final_suspend() const noexcept { return {}; }
        void return_void() const noexcept {}
        void destroy() noexcept override {
            std::coroutine_handle<promise_type>::from_promise(*this).destroy();
        }
        void start(Loop& its_loop) {
            loop = &its_loop;
            loop->start(*this, std::coroutine_handle<promise_type>::from_promise(*this));
        }
    };
    std::coroutine_handle<promise_type> frame;
};

template <class OnEnd>
Root run(Task<void> task, OnEnd on_end) {
    std::exception_ptr error;
    try {
        co_await std::move(task);
    } catch (...) {
        error = std::current_exception();
    }
    on_end(error);
}

}  // namespace detail

/// Runs `task` on the thread of `executor`, at once if this is it. `on_end` gets the exception that
/// ended it, or null; it must not throw. A task whose loop is destroyed before it ends is destroyed
/// too, without on_end.
template <class OnEnd>
void spawn(const Loop::Executor& executor, Task<void> task, OnEnd on_end) {
    detail::run(std::move(task), std::move(on_end)).frame.promise().start(Loop::of(executor));
}

}  // namespace hsmfront::net
