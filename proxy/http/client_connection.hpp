// ClientConnection: one client's transport with what was received on it, and how a drain, a stop or
// a time limit ends it.
#pragma once

#include "proxy/http/inlet.hpp"
#include "proxy/net/deadline.hpp"
#include "proxy/net/session.hpp"

namespace hsmfront::http {

/// Shared by a session and its exchanges; registered with the worker's sessions while it lives.
class ClientConnection final : public net::Interruptible {
  public:
    ClientConnection(net::Transport& transport, net::WorkerContext& worker);

    [[nodiscard]] net::Transport& transport() noexcept { return transport_; }
    [[nodiscard]] net::WorkerContext& worker() noexcept { return worker_; }
    [[nodiscard]] Inlet& inlet() noexcept { return inlet_; }
    [[nodiscard]] const Inlet& inlet() const noexcept { return inlet_; }
    /// Ends whatever this connection and its backend wait for. Paused until it is restarted.
    [[nodiscard]] net::Watchdog& watch() noexcept { return watch_; }

    /// In a drain (Errc::stopped) a busy session is asked to end after its request, an idle one
    /// ends at once; anything else, and a second call, ends at once.
    void interrupt(error_code reason) noexcept override;
    [[nodiscard]] bool stopped() const noexcept { return stopped_; }
    /// True while another request may be waited for. One that a client was told it may send has
    /// its answer, unless it comes too late in a drain.
    [[nodiscard]] bool may_wait() const noexcept;
    /// True while a client may be told that another request may follow on this connection.
    [[nodiscard]] bool may_continue() const noexcept;
    void set_busy(bool busy) noexcept { busy_ = busy; }
    [[nodiscard]] bool busy() const noexcept { return busy_; }
    /// Who describes it to those who watch; as SessionRegistry::Entry::describe().
    void describe(const net::Described* session) noexcept { entry_.describe(session); }
    /// The backend connection that ends together with this one; null: none.
    void attach(net::Interruptible* backend) noexcept { links_.backend = backend; }
    /// Makes the transport usable after the watch or an exchange interrupted it, not after a stop.
    void resume() noexcept;

    /// Writes and counts.
    [[nodiscard]] net::Task<error_code> write(std::string_view bytes);
    void count_sent(std::uint64_t bytes) noexcept { sent_ += bytes; }
    [[nodiscard]] std::uint64_t sent() const noexcept { return sent_; }

  private:
    struct Links final : net::Interruptible {
        void interrupt(error_code reason) noexcept override;
        net::Interruptible* client = nullptr;
        net::Interruptible* backend = nullptr;
    };

    net::Transport& transport_;
    net::WorkerContext& worker_;
    Inlet inlet_;
    Links links_;
    net::Watchdog watch_;
    net::SessionRegistry::Entry entry_;
    bool busy_ = false;
    bool ending_ = false;
    bool stopped_ = false;
    std::uint64_t sent_ = 0;
};

}  // namespace hsmfront::http
