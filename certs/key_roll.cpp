#include "certs/key_roll.hpp"

#include "certs/ckr.hpp"
#include "proxy/log/component.hpp"

namespace hsmfront::certs {
namespace {

bool gone(const error_code& error) {
    return error == Errc::key_not_found || error == Errc::key_ambiguous ||
           error == Errc::key_mismatch;
}

void say(log::Level level, const std::string& text, const Proving& proving) {
    if (proving.said == nullptr || proving.said->insert(text).second) {
        log::hsm.write(level, "{}", text);
    }
}

/// One token's keys being proven.
struct Proof {
    TokenConnection& connection;
    const Proving& proving;
    std::size_t good = 0;
    std::size_t bad = 0;
    error_code last{};

    /// False when it is the token that failed.
    [[nodiscard]] bool prove(KeyRoute& route, const TokenKey& key) {
        const auto proven = prove_token_key(connection, key);
        if (proven) {
            ++good;
            return true;
        }
        last = proven.error();
        if (ckr_class(last) != CkrClass::request) {
            return false;
        }
        say(log::Level::err,
            "HSM key '" + key.alias + "' cannot be used any more in token '" +
                connection.token().label + "': " + last.message(),
            proving);
        if (proving.purpose == Purpose::renewal && gone(last)) {
            route.set_key(proving.place, nullptr);
        } else {
            ++bad;
        }
        return true;
    }

    [[nodiscard]] Failure failure() const {
        if (ckr_class(last) == CkrClass::pin) {
            return login_failure(*connection.module(), connection.token(), last);
        }
        return {
            Errc::token_unavailable,
            "token '" + connection.token().label + "': test signature failed: " + last.message()};
    }
};

}  // namespace

void KeyRoll::remember(const std::shared_ptr<KeyRoute>& route) {
    const std::lock_guard lock(mutex_);
    std::erase_if(routes_, [](const auto& known) { return known.expired(); });
    routes_.push_back(route);
    ++version_;
}

KeyRoll::Snapshot KeyRoll::snapshot() const {
    const std::lock_guard lock(mutex_);
    Snapshot living{{}, version_};
    for (const auto& known : routes_) {
        if (auto route = known.lock()) {
            living.routes.push_back(std::move(route));
        }
    }
    return living;
}

std::size_t KeyRoll::version() const {
    const std::lock_guard lock(mutex_);
    return version_;
}

Loaded<std::size_t> prove_keys(
    TokenConnection& connection,
    const std::vector<std::shared_ptr<KeyRoute>>& routes,
    const Proving& proving
) {
    Proof proof{connection, proving};
    for (const auto& route : routes) {
        const auto key = route->key_at(proving.place);
        if (key && !proof.prove(*route, *key)) {
            return proof.failure();
        }
        if (key) {
            continue;
        }
        if (auto looked = look_for_key(connection, *route, proving); !looked) {
            return looked.error();
        }
    }
    if (proof.good == 0 && proof.bad > 0) {
        return proof.failure();
    }
    return proof.good;
}

Loaded<void> look_for_key(TokenConnection& connection, KeyRoute& route, const Proving& proving) {
    auto found = find_token_key(connection, route.alias(), route.public_key());
    if (found) {
        route.set_key(proving.place, std::move(*found));
        return {};
    }
    const Failure& failure = found.error();
    if (failure.code == Errc::token_unavailable) {
        return failure;
    }
    if (failure.code == Errc::key_not_found) {
        say(log::Level::warn, failure.message + "; this token is no fail-over for it", proving);
    } else if (failure.code == Errc::key_mismatch) {
        say(log::Level::err,
            "alias '" + route.alias() + "' in token '" + connection.token().label +
                "' is another key than in the other token; it is not used there",
            proving);
    } else {
        say(log::Level::err, failure.message + "; this token is not used for it", proving);
    }
    return {};
}

}  // namespace hsmfront::certs
