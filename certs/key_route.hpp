// KeyRoute: an alias in the tokens that hold its key, and which of them signs.
#pragma once

#include "certs/pool_state.hpp"

namespace hsmfront::certs {

/// One key pair; its private half is in one token or in several. Any thread.
class KeyRoute : public std::enable_shared_from_this<KeyRoute> {
  public:
    /// `tokens` in order of preference. `first` is the key as found in the token at `place`.
    KeyRoute(
        std::vector<std::shared_ptr<PoolState>> tokens,
        std::size_t place,
        std::shared_ptr<const TokenKey> first
    );

    [[nodiscard]] const std::string& alias() const noexcept { return first_->alias; }
    [[nodiscard]] EVP_PKEY* public_key() const noexcept { return first_->public_key.get(); }
    [[nodiscard]] KeyType type() const noexcept { return first_->plan.type; }
    /// Of the token where it was found first; one that can do less gets only what it can.
    [[nodiscard]] SignCapabilities capabilities() const { return first_->plan.capabilities(); }

    /// The key in the token at `place`; empty while it is not known there.
    [[nodiscard]] std::shared_ptr<const TokenKey> key_at(std::size_t place) const;
    void set_key(std::size_t place, std::shared_ptr<const TokenKey> key);

    /// Queues `job` at the first token that takes it. Errc: see RemoteKey::submit; key_not_found
    /// when no token has the key any more.
    [[nodiscard]] Result<void> submit(std::shared_ptr<SignJob> job);

    /// Queues the job of `task`, whose token failed it or is slow, at the next one that takes it.
    /// False when there is none, or when nobody waits for the job any more.
    [[nodiscard]] bool pass_on(const SignTask& task);

    [[nodiscard]] bool available() const;

  private:
    struct Place {
        std::shared_ptr<PoolState> state;
        std::shared_ptr<const TokenKey> key;
    };

    [[nodiscard]] Result<void> send(const SignTask& task);

    const std::shared_ptr<const TokenKey> first_;
    mutable std::mutex mutex_;  ///< guards the keys; the states do not change
    std::vector<Place> places_;
};

}  // namespace hsmfront::certs
