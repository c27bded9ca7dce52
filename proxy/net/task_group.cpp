#include "proxy/net/task_group.hpp"

#include "proxy/log/component.hpp"

namespace hsmfront::net {

void LogException::operator()(const std::exception_ptr& error) const {
    if (!error) {
        return;
    }
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& e) {
        log::net.error("internal error in {}: {}", name, e.what());
    }
}

TaskGroup::~TaskGroup() {
    if (running_ != 0) {
        log::net.critical("internal error: {} tasks outlive their owner", running_);
        std::terminate();
    }
}

void TaskGroup::spawn(Task<void> task, std::string_view name) {
    ++running_;
    net::spawn(executor_, std::move(task), [this, name](const std::exception_ptr& error) {
        LogException{name}(error);
        --running_;
        ended_.notify();
    });
}

Task<void> TaskGroup::join() {
    while (running_ != 0) {
        co_await ended_.wait();
    }
}

}  // namespace hsmfront::net
