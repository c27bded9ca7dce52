// KeyRoll: the keys in use, to be found and proven whenever a token is connected to.
#pragma once

#include "certs/key_route.hpp"

namespace hsmfront::certs {

/// One token's. Any thread.
class KeyRoll {
  public:
    /// The routes at one time; `version` changes with each one that joins.
    struct Snapshot {
        std::vector<std::shared_ptr<KeyRoute>> routes;
        std::size_t version = 0;
    };

    /// As long as somebody holds it.
    void remember(const std::shared_ptr<KeyRoute>& route);

    [[nodiscard]] Snapshot snapshot() const;
    [[nodiscard]] std::size_t version() const;

  private:
    mutable std::mutex mutex_;
    std::vector<std::weak_ptr<KeyRoute>> routes_;
    std::size_t version_ = 0;
};

/// Why the token was connected to. `renewal`: the operator may have deleted keys on purpose; then
/// they are struck off. `recovery`: a token that has none of its keys is not all there yet.
enum class Purpose { recovery, renewal };

/// Has the token make a test signature with each key it had, and looks for those it had not (at
/// `place` of each route). Failing keys are logged. Number of good ones; fails when the token
/// itself does or when none of the keys it had is good. Errc: token_unavailable, those of
/// login_failure.
[[nodiscard]] Loaded<std::size_t> prove_keys(
    TokenConnection& connection,
    const std::vector<std::shared_ptr<KeyRoute>>& routes,
    std::size_t place,
    Purpose purpose
);

/// Looks for the key of `route` in a token that had none and enters it at `place`. That the token
/// has no such key, or another under the alias, is logged. Errc: token_unavailable.
[[nodiscard]] Loaded<void> look_for_key(
    TokenConnection& connection, KeyRoute& route, std::size_t place
);

}  // namespace hsmfront::certs
