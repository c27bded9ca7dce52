// Supervisor: the thread that looks after the signers of one token and brings a lost one back.
#pragma once

#include "certs/backoff.hpp"
#include "certs/canary.hpp"
#include "certs/key_roll.hpp"
#include "certs/signer_pool.hpp"
#include "certs/turn.hpp"

#include <functional>
#include <set>
#include <vector>

namespace hsmfront::certs {

/// Its thread makes the blocking calls of a recovery: module closed and loaded afresh, login, keys
/// found and proven. A planned new start (renewal.hpp) does the same from its own thread while it
/// has the turn. Methods: any thread, unless they ask for the turn.
class Supervisor {
  public:
    using Clock = SignJob::Clock;

    struct Setup {
        config::Hsm settings;   ///< of this token: `failover` is not looked at
        std::size_t place = 0;  ///< among the tokens of the Hsm
        std::chrono::milliseconds canary{10'000};
    };

    struct Connected {
        std::shared_ptr<TokenConnection> connection;  ///< empty while there is none
        std::size_t generation = 0;
    };

    Supervisor(Setup setup, Secret pin);

    /// How the first attempt to connect went.
    using Opened = std::function<void(const Supervisor&, const Loaded<void>&)>;

    /// Starts the thread of `supervisor`, which connects, calls `opened`, and goes on from there.
    static void launch(const std::shared_ptr<Supervisor>& supervisor, Opened opened);

    [[nodiscard]] const std::shared_ptr<PoolState>& state() const noexcept { return state_; }
    [[nodiscard]] const config::Hsm& settings() const noexcept { return setup_.settings; }
    [[nodiscard]] std::size_t place() const noexcept { return setup_.place; }
    [[nodiscard]] Connected connected() const;

    /// The key is looked for and proven with each new connection, as long as somebody holds it.
    void remember(const std::shared_ptr<KeyRoute>& route) { roll_.remember(route); }

    /// The others that use the same module file: a module is loaded afresh only when all let go of
    /// it, so the loss of one token asks after them. Before launch.
    void set_neighbours(std::vector<std::weak_ptr<PoolState>> states) {
        neighbours_ = std::move(states);
    }

    /// While had, nothing here calls the module but the caller and the signers.
    [[nodiscard]] bool take_turn(Clock::time_point until) { return turn_.take(until); }
    void give_turn() { turn_.give(); }

    /// A login with `pin` that knows what the token refused before.
    [[nodiscard]] std::shared_ptr<TokenLogin> login_with(Secret pin) const;
    /// With the turn.
    [[nodiscard]] const std::shared_ptr<TokenLogin>& login() const noexcept { return login_; }
    void set_login(std::shared_ptr<TokenLogin> login) { login_ = std::move(login); }
    /// For the next attempt to bring the token back; needs no turn.
    void set_next_login(std::shared_ptr<TokenLogin> login);

    /// With the turn: signers end after what they have in hand; what is queued stays there.
    void hold();
    /// With the turn: waits for the signers until then at most, and lets go of the connection.
    void let_go(Clock::time_point until);
    /// With the turn: connects, proves the keys, starts signers. Errc: see Hsm::open.
    [[nodiscard]] Loaded<void> connect(const std::shared_ptr<TokenLogin>& login, Purpose purpose);
    /// With the turn: there is no connection, because of `failure`; the thread goes on trying,
    /// unless it was the PIN.
    void away(const Failure& failure);

    /// Ends signers and thread. Waits for at most about three times sign_timeout, then leaves what
    /// is stuck in the token behind. Idempotent.
    void stop();

  private:
    void run(const Opened& opened);
    void open(const Opened& opened);
    void look_after(Clock::time_point now);
    void recover();
    void begin_recovery();
    [[nodiscard]] Loaded<std::shared_ptr<TokenConnection>> reach(
        const std::shared_ptr<TokenLogin>& login
    );
    void serve(const std::shared_ptr<TokenConnection>& connection);

    const Setup setup_;
    const std::shared_ptr<PoolState> state_;
    const std::shared_ptr<RefusedPins> refused_pins_ = std::make_shared<RefusedPins>();
    KeyRoll roll_;
    std::vector<std::weak_ptr<PoolState>> neighbours_;

    Turn turn_;
    // What belongs to whoever has the turn:
    std::shared_ptr<TokenLogin> login_;
    SignerPool pool_;
    Canary canary_;
    Backoff backoff_;
    bool recovering_ = false;
    Clock::time_point lost_at_{};
    Clock::time_point next_attempt_{};
    Clock::time_point up_since_{};
    std::string last_said_;
    std::set<std::string> said_of_keys_;

    mutable std::mutex mutex_;
    std::condition_variable ended_changed_;
    Connected connected_;
    std::shared_ptr<TokenLogin> next_login_;
    bool ended_ = false;

    std::mutex stopping_;
    std::thread thread_;
};

}  // namespace hsmfront::certs
