#include "certs/supervisor.hpp"

#include "certs/ckr.hpp"
#include "certs/thread_setup.hpp"

#include <spdlog/spdlog.h>

namespace hsmfront::certs {

using namespace std::chrono_literals;

namespace {

/// A token that fails again within this time keeps its growing back-off.
constexpr auto stable_time = 10s;

}  // namespace

Supervisor::Supervisor(const config::Hsm& settings, Secret pin)
    : settings_(settings),
      login_(std::make_shared<TokenLogin>(std::move(pin))),
      state_(std::make_shared<PoolState>(settings.queue_limit)),
      pool_(state_, {settings.signers, settings.sign_timeout}) {}

Loaded<std::shared_ptr<Supervisor>> Supervisor::start(const config::Hsm& settings, Secret pin) {
    std::shared_ptr<Supervisor> supervisor(new Supervisor(settings, std::move(pin)));
    auto connection = TokenConnection::open(supervisor->settings_, supervisor->login_);
    if (!connection) {
        return connection.error();
    }
    supervisor->serve(*connection);
    spdlog::info(
        "HSM token '{}' in use: slot {}, module {}, {} signers",
        (*connection)->token().label,
        (*connection)->token().slot,
        settings.module.string(),
        supervisor->state_->counters.signers.load()
    );
    supervisor->thread_ = std::thread([supervisor] { supervisor->run(); });
    return supervisor;
}

Supervisor::Connected Supervisor::connected() const {
    const std::lock_guard lock(mutex_);
    return connected_;
}

void Supervisor::remember(const std::shared_ptr<const TokenKey>& key) {
    const std::lock_guard lock(mutex_);
    std::erase_if(keys_, [](const auto& known) { return known.expired(); });
    keys_.push_back(key);
}

void Supervisor::stop() {
    const std::lock_guard once(stopping_);
    state_->stop();
    if (!thread_.joinable()) {
        return;
    }
    const auto until = Clock::now() + 3 * settings_.sign_timeout;
    std::unique_lock lock(mutex_);
    const bool ended = ended_changed_.wait_until(lock, until, [this] { return ended_; });
    lock.unlock();
    if (ended) {
        thread_.join();
    } else {
        spdlog::warn("HSM module does not return from a call: left behind");
        thread_.detach();
    }
}

void Supervisor::run() {
    enter_thread("hsm-supervisor");
    for (;;) {
        const auto state = state_->state();
        if (state == PoolState::State::stopped) {
            break;
        }
        if (state == PoolState::State::recovering) {
            recover();
            continue;
        }
        if (state == PoolState::State::up) {
            pool_.watch(Clock::now());
        }
        state_->wait_while(state, Clock::now() + pool_.period());
    }
    close();
    const std::lock_guard lock(mutex_);
    ended_ = true;
    ended_changed_.notify_all();
}

void Supervisor::serve(const std::shared_ptr<TokenConnection>& connection) {
    const std::size_t generation = state_->generation() + 1;
    {
        const std::lock_guard lock(mutex_);
        connected_ = {connection, generation};
    }
    up_since_ = Clock::now();
    // Up first: a signer that fails at once must not find its generation unknown.
    state_->up(generation);
    pool_.start(connection, generation);
}

void Supervisor::recover() {
    const auto lost_at = Clock::now();
    {
        const std::lock_guard lock(mutex_);
        connected_ = {};
    }
    pool_.retire();
    if (lost_at - up_since_ >= stable_time) {
        backoff_.reset();
    } else {
        state_->wait_while(PoolState::State::recovering, Clock::now() + backoff_.next());
    }
    std::string last_said;
    while (state_->state() == PoolState::State::recovering) {
        auto connection = reconnect();
        if (connection) {
            serve(*connection);
            const auto outage =
                std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - lost_at);
            spdlog::info(
                "HSM token '{}' is back after {} ms", (*connection)->token().label, outage.count()
            );
            return;
        }
        const Failure& failure = connection.error();
        if (failure.message != last_said) {
            spdlog::warn("HSM still away: {}", failure.message);
            last_said = failure.message;
        }
        if (login_->refused()) {
            state_->pin_refused(failure.code);
            return;
        }
        state_->wait_while(PoolState::State::recovering, Clock::now() + backoff_.next());
    }
}

Loaded<std::shared_ptr<TokenConnection>> Supervisor::reconnect() {
    if (const std::size_t stuck = pool_.reap(); stuck >= settings_.signers) {
        return Failure{
            Errc::token_unavailable,
            std::to_string(stuck) + " signers are stuck in the module; waiting for them to return"};
    }
    // Loads the module afresh unless a stuck signer, or somebody else here, still holds it.
    auto connection = TokenConnection::open(settings_, login_);
    if (!connection) {
        return connection;
    }
    if (auto proven = prove_keys(**connection); !proven) {
        return proven.error();
    }
    return connection;
}

Loaded<void> Supervisor::prove_keys(TokenConnection& connection) {
    const auto known = keys();
    std::size_t good = 0;
    error_code last;
    for (const auto& key : known) {
        const auto proven = prove_token_key(connection, *key);
        if (proven) {
            ++good;
            continue;
        }
        last = proven.error();
        if (ckr_class(last) != CkrClass::request) {
            break;
        }
        spdlog::error("HSM key '{}' cannot be used any more: {}", key->alias, last.message());
    }
    if (ckr_class(last) == CkrClass::pin) {
        return login_failure(*connection.module(), connection.token(), last);
    }
    if (ckr_class(last) > CkrClass::request || (good == 0 && !known.empty())) {
        return Failure{Errc::token_unavailable, "test signature failed: " + last.message()};
    }
    return {};
}

std::vector<std::shared_ptr<const TokenKey>> Supervisor::keys() {
    const std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<const TokenKey>> living;
    for (const auto& known : keys_) {
        if (auto key = known.lock()) {
            living.push_back(std::move(key));
        }
    }
    return living;
}

void Supervisor::close() {
    {
        const std::lock_guard lock(mutex_);
        connected_ = {};
    }
    pool_.retire();
    if (pool_.reap() > 0) {
        pool_.abandon();
    }
}

}  // namespace hsmfront::certs
