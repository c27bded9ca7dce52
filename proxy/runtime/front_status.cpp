// Front: what was served so far.
#include "proxy/http/backend_board.hpp"
#include "proxy/runtime/front.hpp"

#include <array>

namespace hsmfront::runtime {

std::vector<admin::HandshakeStatus> Front::handshakes() const {
    return {
        {"ftp", ftp_handshakes_->totals()},
        {"ftp-data", ftp_data_handshakes_->totals()},
        {"http", http_handshakes_->totals()}};
}

admin::HttpStatus Front::http_status() const {
    admin::HttpStatus all;
    std::array<std::uint64_t, http::http2_limits> exceeded{};
    for (const auto& present : present_) {
        const http::Traffic& one = *present->http_traffic;
        all.connections += one.connections;
        for (std::size_t i = 0; i < all.requests.size(); ++i) {
            all.requests[i] += one.requests[i];
        }
        all.received += one.received;
        all.sent += one.sent;
        all.durations += one.durations.copy();
        all.http2_connections += one.http2.connections;
        all.http2_malformed += one.http2.malformed;
        all.http2_resets += one.http2.resets;
        for (std::size_t i = 0; i < exceeded.size(); ++i) {
            exceeded[i] += one.http2.exceeded[i];
        }
    }
    for (std::size_t i = 0; i < exceeded.size(); ++i) {
        all.http2_limits.emplace_back(name(static_cast<http::Http2Limit>(i)), exceeded[i]);
    }
    return all;
}

admin::FtpStatus Front::ftp_status() const {
    admin::FtpStatus all;
    for (const auto kind : ftp::transfer_kinds) {
        all.transfers.push_back({std::string(kind)});
    }
    for (const auto& present : present_) {
        const ftp::Traffic& one = *present->ftp_traffic;
        all.sessions += one.sessions;
        all.refused_logins += one.refused_logins;
        for (std::size_t i = 0; i < one.transfers.size(); ++i) {
            all.transfers[i].complete += one.transfers[i].complete;
            all.transfers[i].failed += one.transfers[i].failed;
            all.transfers[i].bytes += one.transfers[i].bytes;
        }
    }
    return all;
}

std::vector<admin::BackendStatus> Front::backend_status() const {
    std::shared_ptr<http::BackendBoard> board;
    {
        const std::scoped_lock lock(mutex_);
        board = http_backends_;
    }
    std::vector<admin::BackendStatus> all;
    if (board == nullptr) {
        return all;
    }
    for (const auto& server : board->servers()) {
        const http::BackendCounters& counted = server->counters();
        all.push_back(
            {server->name(),
             server->health().up(),
             server->active(),
             counted.requests,
             counted.failures,
             counted.retries,
             counted.queue_waits,
             static_cast<double>(counted.busy_microseconds.load()) * 1e-6}
        );
    }
    return all;
}

}  // namespace hsmfront::runtime
