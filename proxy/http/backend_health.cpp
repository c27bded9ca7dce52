// Changes of a backend server's health.
#include "proxy/http/backend_health.hpp"

#include "proxy/log/component.hpp"

#include <algorithm>

namespace hsmfront::http {

namespace {

/// Even at the beginning of a slow start a server is asked now and then.
constexpr double least_share = 0.01;

}  // namespace

BackendHealth::TimePoint BackendHealth::since() const noexcept {
    return TimePoint(net::Clock::duration(since_.load(std::memory_order_acquire)));
}

double BackendHealth::share(const config::HttpHealth& settings, TimePoint now) const noexcept {
    if (settings.slow_start.count() == 0 || since() == TimePoint() || !up()) {
        return 1;
    }
    const std::chrono::duration<double, std::milli> passed = now - since();
    return std::clamp(
        passed.count() / static_cast<double>(settings.slow_start.count()), least_share, 1.0
    );
}

bool BackendHealth::due(const config::HttpHealth& settings, TimePoint now) const {
    return !up() && !trial_ && !checked() && now - since() >= settings.pause;
}

bool BackendHealth::trial_due(const config::HttpHealth& settings, TimePoint now) {
    const std::lock_guard lock(mutex_);
    return due(settings, now);
}

bool BackendHealth::begin_trial(const config::HttpHealth& settings, TimePoint now) {
    const std::lock_guard lock(mutex_);
    if (!due(settings, now)) {
        return false;
    }
    trial_ = true;
    return true;
}

void BackendHealth::abandon_trial() {
    const std::lock_guard lock(mutex_);
    trial_ = false;
}

void BackendHealth::request_succeeded(TimePoint now) {
    if (failures_.load(std::memory_order_relaxed) != 0) {
        failures_ = 0;
    }
    if (up() || checked()) {
        return;
    }
    const std::lock_guard lock(mutex_);
    if (!up()) {
        come_up(now);
    }
}

void BackendHealth::request_failed(
    const config::HttpHealth& settings, TimePoint now, std::string_view reason
) {
    const std::size_t failures = failures_.fetch_add(1) + 1;
    const std::lock_guard lock(mutex_);
    if (up() && failures >= settings.fall) {
        go_down(now, reason);
    } else if (!up()) {
        trial_ = false;
        since_ = now.time_since_epoch().count();  // the pause begins anew
    }
}

void BackendHealth::check_passed(const config::HttpHealth& settings, TimePoint now) {
    const std::lock_guard lock(mutex_);
    ever_checked_ = true;
    misses_ = 0;
    if (!up() && ++passes_ >= settings.rise) {
        come_up(now);
    }
}

void BackendHealth::check_failed(
    const config::HttpHealth& settings, TimePoint now, std::string_view reason
) {
    const std::lock_guard lock(mutex_);
    const bool first = !ever_checked_;
    ever_checked_ = true;
    passes_ = 0;
    if (up() && (++misses_ >= settings.fall || first)) {
        go_down(now, reason);
    }
}

void BackendHealth::go_down(TimePoint now, std::string_view reason) {
    passes_ = 0;
    since_ = now.time_since_epoch().count();
    up_.store(false, std::memory_order_release);
    log::http.warn("backend {} is down: {}", name_, reason);
}

void BackendHealth::come_up(TimePoint now) {
    trial_ = false;
    misses_ = 0;
    failures_ = 0;
    since_ = now.time_since_epoch().count();
    up_.store(true, std::memory_order_release);
    log::http.info("backend {} is up", name_);
}

}  // namespace hsmfront::http
