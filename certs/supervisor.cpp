#include "certs/supervisor.hpp"

#include "certs/thread_setup.hpp"
#include "proxy/log/component.hpp"

namespace hsmfront::certs {

using namespace std::chrono_literals;

namespace {

/// A token that fails again within this time keeps its growing back-off.
constexpr auto stable_time = 10s;

}  // namespace

Supervisor::Supervisor(Setup setup, Secret pin)
    : setup_(std::move(setup)),
      state_(std::make_shared<PoolState>(setup_.settings.token, setup_.settings.queue_limit)),
      login_(login_with(std::move(pin))),
      pool_(state_, {setup_.settings.signers, setup_.settings.sign_timeout}),
      canary_(setup_.canary) {}

void Supervisor::launch(const std::shared_ptr<Supervisor>& supervisor, Opened opened) {
    supervisor->thread_ =
        std::thread([supervisor, opened = std::move(opened)] { supervisor->run(opened); });
}

Supervisor::Connected Supervisor::connected() const {
    const std::lock_guard lock(mutex_);
    return connected_;
}

std::shared_ptr<TokenLogin> Supervisor::login_with(Secret pin) const {
    return std::make_shared<TokenLogin>(std::move(pin), refused_pins_);
}

void Supervisor::set_next_login(std::shared_ptr<TokenLogin> login) {
    const std::lock_guard lock(mutex_);
    next_login_ = std::move(login);
}

void Supervisor::stop() {
    const std::lock_guard once(stopping_);
    state_->stop();
    if (!thread_.joinable()) {
        return;
    }
    const auto until = Clock::now() + 3 * setup_.settings.sign_timeout;
    std::unique_lock lock(mutex_);
    const bool ended = ended_changed_.wait_until(lock, until, [this] { return ended_; });
    lock.unlock();
    if (ended) {
        thread_.join();
    } else {
        log::hsm.warn("HSM module does not return from a call: left behind");
        ++state_->counters.wedged;
        thread_.detach();
    }
}

void Supervisor::run(const Opened& opened) {
    enter_thread("hsm-supervisor");
    open(opened);
    const auto period = pool_.period();
    for (auto state = state_->state(); state != PoolState::State::stopped;
         state = state_->state()) {
        auto next = Clock::now() + period;
        if (turn_.take(next)) {
            look_after(Clock::now());
            next = recovering_ ? next_attempt_ : Clock::now() + period;
            turn_.give();
        } else {
            state_->queue.sweep(Clock::now());  // a planned new start is under way
        }
        state_->wait_while(state, next);
    }
    while (!turn_.take(Clock::now() + 1h)) {
    }
    let_go(Clock::now() + setup_.settings.sign_timeout);
    if (pool_.reap() > 0) {
        pool_.abandon();
    }
    turn_.give();
    const std::lock_guard lock(mutex_);
    ended_ = true;
    ended_changed_.notify_all();
}

void Supervisor::open(const Opened& opened) {
    while (!turn_.take(Clock::now() + 1h)) {
    }
    const auto done = connect(login_, Purpose::recovery);
    if (!done) {
        recovering_ = true;
        lost_at_ = Clock::now();
        next_attempt_ = lost_at_ + backoff_.next();
        last_said_ = done.error().message;  // by whoever opens, who may try again and again
        away(done.error());
    }
    turn_.give();
    opened(*this, done);
}

void Supervisor::look_after(Clock::time_point now) {
    const bool poked = state_->take_poke();
    switch (state_->state()) {
        case PoolState::State::recovering:
            recover();
            break;
        case PoolState::State::up:
            pool_.watch(now);
            if (poked || now >= canary_.due(*state_)) {
                canary_.sing(
                    *state_, roll_.snapshot().routes, setup_.place, setup_.settings.sign_timeout
                );
            }
            break;
        case PoolState::State::refused_pin:
            let_go(Clock::now() + setup_.settings.sign_timeout);
            (void)pool_.reap();
            break;
        case PoolState::State::stopped:
            break;
    }
}

void Supervisor::recover() {
    if (!recovering_) {
        begin_recovery();
    }
    if (Clock::now() < next_attempt_) {
        return;
    }
    {
        const std::lock_guard lock(mutex_);
        if (next_login_) {
            login_ = std::move(next_login_);
        }
    }
    const auto done = connect(login_, Purpose::recovery);
    if (!done) {
        away(done.error());
        next_attempt_ = Clock::now() + backoff_.next();
        return;
    }
    const auto outage =
        std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - lost_at_);
    log::hsm.info("HSM token '{}' is back after {} ms", state_->label(), outage.count());
}

void Supervisor::begin_recovery() {
    recovering_ = true;
    lost_at_ = Clock::now();
    pool_.hand_over_begun(lost_at_);
    let_go(Clock::now() + setup_.settings.sign_timeout);
    for (const auto& neighbour : neighbours_) {
        if (const auto state = neighbour.lock()) {
            state->poke();
        }
    }
    const bool stable = lost_at_ - up_since_ >= stable_time;
    if (stable) {
        backoff_.reset();
    }
    next_attempt_ = stable ? lost_at_ : Clock::now() + backoff_.next();
}

Loaded<void> Supervisor::connect(const std::shared_ptr<TokenLogin>& login, Purpose purpose) {
    auto reached = reach(login);
    if (!reached) {
        return reached.error();
    }
    for (;;) {
        const auto keys = roll_.snapshot();
        const auto good =
            prove_keys(**reached, keys.routes, {setup_.place, purpose, &said_of_keys_});
        if (!good) {
            return good.error();
        }
        if (*good > 0) {
            state_->counters.last_signature = Clock::now();
        }
        const std::lock_guard lock(mutex_);
        if (roll_.version() == keys.version) {
            // From here on a key that joins is looked for by who brings it.
            connected_ = {*reached, state_->generation() + 1};
            break;
        }
    }
    serve(*reached);
    return {};
}

Loaded<std::shared_ptr<TokenConnection>> Supervisor::reach(const std::shared_ptr<TokenLogin>& login
) {
    if (const std::size_t stuck = pool_.reap(); stuck >= setup_.settings.signers) {
        return Failure{
            Errc::token_unavailable,
            std::to_string(stuck) + " signers are stuck in the module; waiting for them to return"};
    }
    // Loads the module afresh unless a stuck signer, or another token, still holds it.
    return TokenConnection::open(setup_.settings, login);
}

void Supervisor::serve(const std::shared_ptr<TokenConnection>& connection) {
    const std::size_t generation = state_->generation() + 1;
    up_since_ = Clock::now();
    recovering_ = false;
    last_said_.clear();
    said_of_keys_.clear();
    // Up first: a signer that fails at once must not find its generation unknown.
    state_->up(generation, connection->token().label);
    pool_.start(connection, generation);
}

void Supervisor::away(const Failure& failure) {
    const bool new_to_say = failure.message != last_said_;
    last_said_ = failure.message;
    if (login_->refused() || failure.code == Errc::pin_missing) {
        recovering_ = false;
        if (new_to_say) {
            log::hsm.error("HSM token '{}' is out of use: {}", state_->label(), failure.message);
        }
        state_->away(PoolState::State::refused_pin, failure.message);
        return;
    }
    if (new_to_say) {
        log::hsm.warn("HSM token '{}' is away: {}", state_->label(), failure.message);
    }
    state_->away(PoolState::State::recovering, failure.message);
}

void Supervisor::hold() {
    state_->hold();
    pool_.leave();
}

void Supervisor::let_go(Clock::time_point until) {
    {
        const std::lock_guard lock(mutex_);
        connected_ = {};
    }
    pool_.retire(until);
}

}  // namespace hsmfront::certs
