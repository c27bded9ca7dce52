#include "certs/key_stats.hpp"

#include "certs/ckr.hpp"
#include "certs/errc.hpp"

namespace hsmfront::certs {

FailureKind failure_kind(const error_code& error) noexcept {
    if (error == Errc::timed_out) {
        return FailureKind::deadline;
    }
    if (error == Errc::pin_incorrect || error == Errc::pin_missing) {
        return FailureKind::pin;
    }
    if (error == Errc::key_not_found) {
        return FailureKind::login;
    }
    switch (ckr_class(error)) {
        case CkrClass::session:
            return FailureKind::session;
        case CkrClass::login:
            return FailureKind::login;
        case CkrClass::generation:
            return FailureKind::generation;
        case CkrClass::pin:
            return FailureKind::pin;
        case CkrClass::ok:
        case CkrClass::request:
            break;
    }
    return FailureKind::request;
}

KeyStatus KeyStats::status(const std::string& token) const {
    static constexpr std::array names{
        "request", "session", "login", "generation", "pin", "deadline"};
    KeyStatus status;
    status.alias = alias_;
    status.token = token;
    status.type = type_;
    status.signatures = signatures_;
    status.latency = latency_.copy();
    for (std::size_t i = 0; i < names.size(); ++i) {
        status.errors.emplace(names.at(i), errors_.at(i).load());
    }
    return status;
}

}  // namespace hsmfront::certs
