#include "certs/hsm.hpp"

#include "certs/token_hsm.hpp"

#include <algorithm>
#include <numeric>

namespace hsmfront::certs {

bool HsmStatus::proven_within(std::chrono::milliseconds age) const {
    const auto oldest = std::chrono::steady_clock::now() - age;
    return std::any_of(tokens.begin(), tokens.end(), [oldest](const TokenStatus& token) {
        return token.state == TokenStatus::State::up && token.last_signature >= oldest;
    });
}

std::size_t HsmStatus::wedged() const {
    return std::accumulate(
        tokens.begin(),
        tokens.end(),
        std::size_t{0},
        [](std::size_t sum, const auto& token) { return sum + token.wedged; }
    );
}

Loaded<std::shared_ptr<Hsm>> Hsm::open(const config::Hsm& settings, Pins pins) {
    auto opened = TokenHsm::open(settings, std::move(pins));
    if (!opened) {
        return opened.error();
    }
    return std::shared_ptr<Hsm>(std::move(*opened));
}

Loaded<bool> needs_pin(const config::Hsm& settings) {
    const auto module = Module::load(settings.module);
    if (!module) {
        return module.error();
    }
    const auto token = find_token(**module, settings.token);
    if (!token) {
        return token.error();
    }
    return token->login_required() && !token->has_pin_pad();
}

}  // namespace hsmfront::certs
