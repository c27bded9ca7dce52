// Predecessor: the process whose place this one takes.
#pragma once

#include "proxy/net/executor.hpp"
#include "proxy/runtime/handover.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hsmfront::runtime {

/// Its words: our ready() or fail(), then its go(). On the main thread.
class Predecessor {
  public:
    /// In the environment of a process that is to start the one that takes over, and to end.
    [[nodiscard]] static std::vector<std::pair<std::string, std::string>> variables_of_first_start(
    );
    /// To be called first of all. In such a process: its exit code, when it has done that. So the
    /// one that takes over is an orphan, and a child of init or of the service manager.
    [[nodiscard]] static std::optional<int> begin();

    /// Null: nobody's place is taken. Blocks until everything is here. Its message is for the log.
    [[nodiscard]] static certs::Loaded<std::unique_ptr<Predecessor>> from_environment();

    /// What it gave; may be taken from.
    [[nodiscard]] Handover& handover() noexcept { return handover_; }

    /// This process does not come up.
    void fail(std::string_view reason);
    /// It accepts connections.
    void ready();
    /// Calls, on `context`, `go` when the other has left what only one can have, or was gone after
    /// ready(); `gone` when it has given up before.
    void listen(
        net::asio::io_context& context, std::function<void()> go, std::function<void()> gone
    );
    /// No more calls.
    void close();

  private:
    Predecessor(HandoverChannel channel, Handover handover)
        : channel_(std::move(channel)), handover_(std::move(handover)) {}

    void wait();

    HandoverChannel channel_;
    Handover handover_;
    bool ready_ = false;
    std::function<void()> go_;
    std::function<void()> gone_;
    std::optional<net::asio::posix::stream_descriptor> readable_;  ///< another descriptor of it
};

}  // namespace hsmfront::runtime
