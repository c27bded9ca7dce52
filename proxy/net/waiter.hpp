// Waiter: a suspended coroutine, on the list of what it waits for.
#pragma once

#include <boost/intrusive/list.hpp>

#include <coroutine>

namespace hsmfront::net {

class Loop;

/// Lives in the frame of its coroutine and leaves its list when the frame ends, so that nobody
/// wakes what is gone. Single thread.
class Waiter : public boost::intrusive::list_base_hook<
                   boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
  public:
    void suspend(std::coroutine_handle<> coroutine, Loop& loop) noexcept {
        coroutine_ = coroutine;
        loop_ = &loop;
    }
    /// Resumes the coroutine soon, from its loop, never within this call.
    void wake() noexcept;

  private:
    friend class Loop;
    std::coroutine_handle<> coroutine_;
    Loop* loop_ = nullptr;
};

using WaiterList = boost::intrusive::list<Waiter, boost::intrusive::constant_time_size<false>>;

}  // namespace hsmfront::net
