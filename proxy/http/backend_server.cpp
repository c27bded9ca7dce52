// Places of a backend server, and what a request tells about it.
#include "proxy/http/backend_server.hpp"

#include "config/address.hpp"

#include <utility>

namespace hsmfront::http {

BackendServer::BackendServer(config::Endpoint endpoint, std::shared_ptr<BackendQueue> queue)
    : endpoint_(std::move(endpoint)),
      name_(config::to_string(endpoint_)),
      queue_(std::move(queue)),
      health_(name_) {}

bool BackendServer::take(std::size_t max) noexcept {
    if (max == 0) {
        active_.fetch_add(1);
        return true;
    }
    std::size_t active = active_.load();
    while (active < max) {
        if (active_.compare_exchange_weak(active, active + 1)) {
            return true;
        }
    }
    return false;
}

void BackendServer::release() {
    active_.fetch_sub(1);
    queue_->on_release(*this);
}

BackendUse::BackendUse(BackendServer& server, const config::HttpHealth& settings) noexcept
    : server_(&server), settings_(&settings), since_(net::Clock::now()) {}

BackendUse::BackendUse(BackendUse&& other) noexcept { *this = std::move(other); }

BackendUse& BackendUse::operator=(BackendUse&& other) noexcept {
    std::swap(server_, other.server_);
    std::swap(settings_, other.settings_);
    std::swap(since_, other.since_);
    std::swap(trial_, other.trial_);
    std::swap(answered_, other.answered_);
    return *this;
}

bool BackendUse::begin_trial() {
    trial_ = server_->health().begin_trial(*settings_, net::Clock::now());
    return trial_;
}

void BackendUse::answered() {
    answered_ = true;
    trial_ = false;
    if (!server_->health().up()) {
        server_->health().request_succeeded(net::Clock::now());
    }
}

void BackendUse::completed() {
    answered_ = true;
    trial_ = false;
    server_->health().request_succeeded(net::Clock::now());
}

void BackendUse::failed(std::string_view reason) {
    trial_ = false;
    server_->counters().failures.fetch_add(1, std::memory_order_relaxed);
    server_->health().request_failed(*settings_, net::Clock::now(), reason);
}

void BackendUse::end() {
    if (server_ == nullptr) {
        return;
    }
    if (trial_) {
        server_->health().abandon_trial();
    }
    const auto busy = net::Clock::now() - since_;
    const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(busy).count();
    server_->counters().busy_microseconds.fetch_add(
        static_cast<std::uint64_t>(microseconds), std::memory_order_relaxed
    );
    std::exchange(server_, nullptr)->release();
}

}  // namespace hsmfront::http
