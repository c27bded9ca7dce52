// Supervisor: the thread that looks after the signers and brings a lost token back.
#pragma once

#include "certs/backoff.hpp"
#include "certs/signer_pool.hpp"

#include <vector>

namespace hsmfront::certs {

/// Its thread makes the blocking calls of a recovery: module closed and loaded afresh, login, keys
/// found and proven. Methods: any thread.
class Supervisor {
  public:
    using Clock = SignJob::Clock;

    struct Connected {
        std::shared_ptr<TokenConnection> connection;  ///< empty while there is none
        std::size_t generation = 0;
    };

    /// Connects, starts signers and the supervising thread. Errc: see Hsm::open.
    [[nodiscard]] static Loaded<std::shared_ptr<Supervisor>> start(
        const config::Hsm& settings, Secret pin
    );

    [[nodiscard]] const std::shared_ptr<PoolState>& state() const noexcept { return state_; }
    [[nodiscard]] Connected connected() const;

    /// The key is proven again after each reconnect, as long as somebody holds it.
    void remember(const std::shared_ptr<const TokenKey>& key);

    /// Ends signers and thread. Waits for at most about three times sign_timeout, then leaves what
    /// is stuck in the token behind. Idempotent.
    void stop();

  private:
    Supervisor(const config::Hsm& settings, Secret pin);

    void run();
    void serve(const std::shared_ptr<TokenConnection>& connection);
    void recover();
    [[nodiscard]] Loaded<std::shared_ptr<TokenConnection>> reconnect();
    [[nodiscard]] Loaded<void> prove_keys(TokenConnection& connection);
    [[nodiscard]] std::vector<std::shared_ptr<const TokenKey>> keys();
    void close();

    const config::Hsm settings_;
    const std::shared_ptr<TokenLogin> login_;
    const std::shared_ptr<PoolState> state_;
    SignerPool pool_;
    Backoff backoff_;
    Clock::time_point up_since_{};

    mutable std::mutex mutex_;
    std::condition_variable ended_changed_;
    Connected connected_;
    std::vector<std::weak_ptr<const TokenKey>> keys_;
    bool ended_ = false;

    std::mutex stopping_;
    std::thread thread_;
};

}  // namespace hsmfront::certs
