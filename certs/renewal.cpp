#include "certs/renewal.hpp"

#include "proxy/log/component.hpp"

#include <algorithm>

namespace hsmfront::certs {
namespace {

using Clock = Supervisor::Clock;
using State = PoolState::State;

/// One token on its way through.
struct Member {
    std::shared_ptr<Supervisor> token;
    std::shared_ptr<TokenLogin> login;  ///< the new one
    bool was_up = false;
    bool known_refused = false;  ///< the new PIN is one that the token refused before
    bool hanging = false;        ///< its thread is looking for it, and stuck in the module
    bool connected = false;
    Failure failure;
};

/// The right to the tokens' modules, given back at the end.
class Turns {
  public:
    Turns() = default;
    ~Turns() {
        for (const auto& token : taken_) {
            token->give_turn();
        }
    }
    Turns(const Turns&) = delete;
    Turns& operator=(const Turns&) = delete;

    [[nodiscard]] bool take(const std::shared_ptr<Supervisor>& token, Clock::time_point until) {
        if (!token->take_turn(until)) {
            return false;
        }
        taken_.push_back(token);
        return true;
    }

  private:
    std::vector<std::shared_ptr<Supervisor>> taken_;
};

Failure refused_before(const Supervisor& token) {
    return {
        Errc::pin_incorrect,
        "token '" + token.state()->label() +
            "': this PIN was refused before and is not sent again; give the right one"};
}

/// Whether the failure of a member is one of the whole. A token that was away before, or whose PIN
/// was wrong before, may stay so.
bool serious(const Member& member) {
    if (member.connected) {
        return false;
    }
    // Other failures of a login may be the token's own, and lasting; they must not be in the way.
    return member.was_up || (member.failure.code == Errc::pin_incorrect && !member.known_refused);
}

void let_go(std::vector<Member>& members) {
    const auto until = Clock::now() + members.front().token->settings().sign_timeout;
    for (auto& member : members) {
        if (!member.hanging) {
            member.token->hold();
        }
    }
    // Signers leave all at the same time, and so does a module that two tokens share.
    for (auto& member : members) {
        if (!member.hanging) {
            member.token->let_go(until);
        }
    }
}

/// The first failure that counts, or of a token when none can be had.
const Member* connect(std::vector<Member>& members) {
    for (auto& member : members) {
        if (member.hanging) {
            continue;
        }
        if (member.known_refused) {
            member.failure = refused_before(*member.token);
        } else if (auto done = member.token->connect(member.login, Purpose::renewal); done) {
            member.connected = true;
        } else {
            member.failure = done.error();
        }
        if (serious(member)) {
            return &member;
        }
    }
    const bool usable = std::any_of(members.begin(), members.end(), [](const Member& member) {
        return member.connected;
    });
    return usable ? nullptr : &members.front();
}

/// As before the renewal: with the old logins, where there was a connection.
void put_back(std::vector<Member>& members) {
    let_go(members);
    for (auto& member : members) {
        if (member.hanging) {
            continue;
        }
        if (!member.was_up) {
            member.token->away(member.failure);
            continue;
        }
        const auto done = member.token->connect(member.token->login(), Purpose::renewal);
        if (!done) {
            member.token->away(done.error());
        }
    }
}

void keep(std::vector<Member>& members) {
    for (auto& member : members) {
        if (member.hanging) {
            member.token->set_next_login(member.login);
            continue;
        }
        member.token->set_login(member.login);
        if (!member.connected) {
            member.token->away(member.failure);
            continue;
        }
        const auto status = member.token->state()->status();
        log::hsm.info(
            "HSM token '{}' in use with a new connection (number {})",
            status.label,
            status.generation
        );
        if (status.wedged > 0) {
            log::hsm.warn(
                "HSM token '{}': the module could not be loaded afresh, since {} signers are stuck "
                "in it",
                status.label,
                status.wedged
            );
        }
    }
}

Loaded<void> still_open(const std::vector<Member>& members) {
    if (members.front().token->state()->state() == State::stopped) {
        return Failure{Errc::stopped, "the HSM was closed"};
    }
    return {};
}

std::vector<Member> members_of(const std::vector<std::shared_ptr<Supervisor>>& tokens, Pins pins) {
    pins.resize(tokens.size());
    std::vector<Member> members;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        Member member;
        member.token = tokens[i];
        member.login = member.token->login_with(std::move(pins[i]));
        member.known_refused = member.login->refused();
        member.failure = {Errc::token_unavailable, member.token->state()->status().reason};
        members.push_back(std::move(member));
    }
    return members;
}

/// Takes the turns. A token that is away does without: a module that hangs must not be in the way.
Loaded<void> begin(std::vector<Member>& members, Turns& turns) {
    const auto until = Clock::now() + 2 * members.front().token->settings().sign_timeout;
    for (auto& member : members) {
        member.hanging = !turns.take(member.token, until);
        member.was_up = member.token->state()->state() == State::up;
        if (member.hanging && (member.was_up || members.size() == 1)) {
            return Failure{
                Errc::token_unavailable,
                "token '" + member.token->state()->label() +
                    "': the module does not return from a call"};
        }
        if (member.known_refused && (member.was_up || members.size() == 1)) {
            return refused_before(*member.token);
        }
    }
    return still_open(members);
}

}  // namespace

Loaded<void> renew_tokens(const std::vector<std::shared_ptr<Supervisor>>& tokens, Pins pins) {
    auto members = members_of(tokens, std::move(pins));
    Turns turns;
    if (auto begun = begin(members, turns); !begun) {
        return begun;
    }
    let_go(members);
    const Member* const failed = connect(members);
    if (auto open = still_open(members); !open) {
        return open;
    }
    if (failed != nullptr) {
        const Failure failure = failed->failure;
        put_back(members);
        return failure;
    }
    keep(members);
    return {};
}

}  // namespace hsmfront::certs
