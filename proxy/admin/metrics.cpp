#include "proxy/admin/metrics.hpp"

#include <spdlog/fmt/fmt.h>

#include <iterator>
#include <utility>

namespace hsmfront::admin {
namespace {

using Phase = ProtocolStatus::Phase;
using certs::TokenStatus;

using Labels = std::vector<std::pair<std::string_view, std::string_view>>;

class Exposition {
  public:
    /// Begins a metric; samples follow.
    void metric(std::string_view name, std::string_view type, std::string_view help) {
        name_ = name;
        fmt::format_to(out(), "# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
    }

    template <class Number>
    void sample(const Labels& labels, Number value, std::string_view suffix = "") {
        fmt::format_to(out(), "{}{}", name_, suffix);
        for (std::size_t i = 0; i < labels.size(); ++i) {
            fmt::format_to(out(), "{}{}=\"", i == 0 ? "{" : ",", labels[i].first);
            escape(labels[i].second);
            text_ += '"';
        }
        fmt::format_to(out(), "{} {}\n", labels.empty() ? "" : "}", value);
    }

    void histogram(const Labels& labels, const certs::Histogram& values) {
        std::uint64_t below = 0;
        for (std::size_t i = 0; i < values.counts.size(); ++i) {
            below += values.counts[i];
            const std::string bound =
                i < values.bounds.size() ? fmt::format("{}", values.bounds[i]) : "+Inf";
            auto bucket = labels;
            bucket.emplace_back("le", bound);
            sample(bucket, below, "_bucket");
        }
        sample(labels, values.sum, "_sum");
        sample(labels, below, "_count");
    }

    [[nodiscard]] std::string take() { return std::move(text_); }

  private:
    [[nodiscard]] std::back_insert_iterator<std::string> out() { return std::back_inserter(text_); }

    void escape(std::string_view value) {
        for (const char c : value) {
            if (c == '\\' || c == '"') {
                text_ += '\\';
            }
            text_ += c == '\n' ? std::string("\\n") : std::string(1, c);
        }
    }

    std::string text_;
    std::string_view name_;
};

void service(Exposition& out, const ServiceStatus& status) {
    out.metric("hsmfront_build_info", "gauge", "Version of the running binary.");
    out.sample({{"version", status.version}}, 1);
    out.metric("hsmfront_uptime_seconds", "gauge", "Time since the start.");
    out.sample({}, status.up_for.count());
    out.metric("hsmfront_ready", "gauge", "1 when the service is ready for clients.");
    out.sample({}, status.not_ready().empty() ? 1 : 0);
    out.metric("hsmfront_draining", "gauge", "1 when the service was told to stop.");
    out.sample({}, status.draining ? 1 : 0);
    out.metric("hsmfront_connections", "gauge", "Client connections that are open.");
    out.sample({}, status.connections);
    out.metric(
        "hsmfront_connections_refused_total", "counter", "Connections beyond a limit, by its key."
    );
    for (const auto& one : status.limits) {
        out.sample({{"limit", one.limit}}, one.refused);
    }
    out.metric("hsmfront_reloads_total", "counter", "Reloads by result.");
    out.sample({{"result", "ok"}}, status.reloads);
    out.sample({{"result", "failed"}}, status.reloads_failed);
}

void protocols(Exposition& out, const ServiceStatus& status) {
    out.metric("hsmfront_protocol_up", "gauge", "1 when the protocol serves.");
    for (const auto& one : status.protocols) {
        out.sample({{"protocol", one.name}}, one.phase == Phase::up ? 1 : 0);
    }
    out.metric(
        "hsmfront_certificate_expiry_timestamp_seconds", "gauge", "When the certificate ends."
    );
    for (const auto& one : status.protocols) {
        for (const auto& certificate : one.certificates) {
            out.sample(
                {{"protocol", one.name}, {"alias", certificate.alias}}, certificate.not_after
            );
        }
    }
}

void handshakes(Exposition& out, const std::vector<HandshakeStatus>& all) {
    out.metric("hsmfront_tls_handshakes_total", "counter", "TLS handshakes done.");
    for (const auto& one : all) {
        for (std::size_t i = 0; i < tls::served_versions.size(); ++i) {
            const auto& done = one.totals.done[i];
            const auto version = tls::served_versions[i];
            const std::string_view protocol = one.protocol;
            out.sample(
                {{"protocol", protocol}, {"version", version}, {"resumed", "false"}}, done.full
            );
            out.sample(
                {{"protocol", protocol}, {"version", version}, {"resumed", "true"}}, done.resumed
            );
        }
    }
    out.metric(
        "hsmfront_tls_handshake_failures_total", "counter", "TLS handshakes failed, by cause."
    );
    for (const auto& one : all) {
        for (std::size_t i = 0; i < one.totals.failed.size(); ++i) {
            const auto cause = label(static_cast<tls::HandshakeCause>(i));
            out.sample({{"protocol", one.protocol}, {"cause", cause}}, one.totals.failed[i]);
        }
    }
}

void http(Exposition& out, const HttpStatus& status) {
    out.metric("hsmfront_https_connections_total", "counter", "HTTPS connections after handshake.");
    out.sample({}, status.connections);
    out.metric("hsmfront_http_requests_total", "counter", "Requests by class of status.");
    for (std::size_t i = 0; i < status_classes.size(); ++i) {
        out.sample({{"status", status_classes[i]}}, status.requests[i]);
    }
    out.metric("hsmfront_http_content_bytes_total", "counter", "Content of requests that ended.");
    out.sample({{"direction", "in"}}, status.received);
    out.sample({{"direction", "out"}}, status.sent);
    out.metric("hsmfront_http_request_seconds", "histogram", "From a request's head to its end.");
    out.histogram({}, status.durations);
    out.metric("hsmfront_http2_connections_total", "counter", "Connections that speak HTTP/2.");
    out.sample({}, status.http2_connections);
    out.metric("hsmfront_http2_malformed_total", "counter", "Malformed HTTP/2 requests.");
    out.sample({}, status.http2_malformed);
    out.metric("hsmfront_http2_resets_total", "counter", "HTTP/2 streams that clients reset.");
    out.sample({}, status.http2_resets);
    out.metric(
        "hsmfront_http2_floods_total", "counter", "HTTP/2 connections ended for a limit, by limit."
    );
    for (const auto& [limit, count] : status.http2_limits) {
        out.sample({{"limit", limit}}, count);
    }
}

void ftp(Exposition& out, const FtpStatus& status) {
    out.metric("hsmfront_ftp_sessions_total", "counter", "FTP control connections.");
    out.sample({}, status.sessions);
    out.metric("hsmfront_ftp_refused_logins_total", "counter", "Logins that the backend refused.");
    out.sample({}, status.refused_logins);
    out.metric("hsmfront_ftp_transfers_total", "counter", "Transfers that ended, by outcome.");
    for (const auto& one : status.transfers) {
        out.sample({{"kind", one.kind}, {"outcome", "complete"}}, one.complete);
        out.sample({{"kind", one.kind}, {"outcome", "failed"}}, one.failed);
    }
    out.metric("hsmfront_ftp_transfer_bytes_total", "counter", "Bytes of transfers that ended.");
    for (const auto& one : status.transfers) {
        out.sample({{"kind", one.kind}}, one.bytes);
    }
}

template <class Value>
void per_backend(
    Exposition& out,
    const std::vector<BackendStatus>& backends,
    const std::array<std::string_view, 3>& metric,
    Value BackendStatus::*member
) {
    out.metric(metric[0], metric[1], metric[2]);
    for (const auto& one : backends) {
        out.sample({{"backend", one.name}}, one.*member);
    }
}

void backends(Exposition& out, const std::vector<BackendStatus>& all) {
    using Status = BackendStatus;
    out.metric("hsmfront_backend_up", "gauge", "1 while the HTTP backend gets requests.");
    for (const auto& one : all) {
        out.sample({{"backend", one.name}}, one.up ? 1 : 0);
    }
    per_backend(
        out,
        all,
        {"hsmfront_backend_requests", "gauge", "Requests that are with the backend."},
        &Status::active
    );
    per_backend(
        out,
        all,
        {"hsmfront_backend_requests_total", "counter", "Requests that it was given."},
        &Status::requests
    );
    per_backend(
        out,
        all,
        {"hsmfront_backend_failures_total", "counter", "Failed connects and requests."},
        &Status::failures
    );
    per_backend(
        out,
        all,
        {"hsmfront_backend_retries_total", "counter", "Requests that had failed elsewhere."},
        &Status::retries
    );
    per_backend(
        out,
        all,
        {"hsmfront_backend_queue_waits_total", "counter", "Requests that waited for a place."},
        &Status::queue_waits
    );
    per_backend(
        out,
        all,
        {"hsmfront_backend_busy_seconds_total", "counter", "Sum of the requests' durations."},
        &Status::busy_seconds
    );
}

/// Names as Prometheus's own client libraries have them.
void process(Exposition& out, const ServiceStatus& status) {
    out.metric("process_cpu_seconds_total", "counter", "User and system time.");
    out.sample({}, status.process.cpu_seconds);
    out.metric("process_resident_memory_bytes", "gauge", "Resident memory.");
    out.sample({}, status.process.resident_bytes);
    out.metric("process_open_fds", "gauge", "Open file descriptors.");
    out.sample({}, status.process.open_fds);
    out.metric("process_max_fds", "gauge", "Most file descriptors that may be open.");
    out.sample({}, status.process.max_fds);
    out.metric("hsmfront_log_lines_dropped_total", "counter", "Log lines that nobody could take.");
    out.sample({}, status.dropped_log_lines);
}

void staples(Exposition& out, const std::vector<StapleStatus>& all) {
    out.metric(
        "hsmfront_ocsp_next_update_timestamp_seconds",
        "gauge",
        "When the OCSP response that is stapled ends; 0: none is stapled."
    );
    for (const auto& one : all) {
        out.sample({{"alias", one.alias}}, one.next_update);
    }
    out.metric("hsmfront_ocsp_problem", "gauge", "1 while no OCSP response can be had or renewed.");
    for (const auto& one : all) {
        out.sample({{"alias", one.alias}}, one.problem.empty() ? 0 : 1);
    }
}

template <class Value>
void per_token(
    Exposition& out,
    const std::vector<TokenStatus>& tokens,
    const std::array<std::string_view, 3>& metric,
    Value TokenStatus::*member
) {
    out.metric(metric[0], metric[1], metric[2]);
    for (const auto& token : tokens) {
        out.sample({{"token", token.label}}, token.*member);
    }
}

void tokens(Exposition& out, const std::vector<TokenStatus>& all) {
    out.metric("hsmfront_hsm_state", "gauge", "1 for the state that the token is in.");
    using State = TokenStatus::State;
    for (const auto& token : all) {
        for (const auto state :
             {State::up, State::recovering, State::refused_pin, State::stopped}) {
            out.sample(
                {{"token", token.label}, {"state", name(state)}}, token.state == state ? 1 : 0
            );
        }
    }
    per_token(
        out,
        all,
        {"hsmfront_hsm_generation", "gauge", "Connections made to the token."},
        &TokenStatus::generation
    );
    per_token(
        out,
        all,
        {"hsmfront_hsm_signers", "gauge", "Signer threads at work."},
        &TokenStatus::signers
    );
    per_token(
        out,
        all,
        {"hsmfront_hsm_signers_stuck", "gauge", "Signer threads that the module keeps."},
        &TokenStatus::wedged
    );
    per_token(
        out,
        all,
        {"hsmfront_hsm_queue_length", "gauge", "Signatures waiting for a signer."},
        &TokenStatus::queued
    );
    per_token(
        out,
        all,
        {"hsmfront_hsm_failures_total", "counter", "Signatures that failed or came late."},
        &TokenStatus::failures
    );
    per_token(
        out,
        all,
        {"hsmfront_hsm_refused_total", "counter", "Signatures refused at once."},
        &TokenStatus::refused
    );
    out.metric("hsmfront_hsm_queue_wait_seconds", "histogram", "Time in the queue.");
    for (const auto& token : all) {
        out.histogram({{"token", token.label}}, token.wait);
    }
}

void keys(Exposition& out, const std::vector<certs::KeyStatus>& all) {
    out.metric("hsmfront_hsm_signatures_total", "counter", "Signatures made.");
    for (const auto& key : all) {
        out.sample({{"token", key.token}, {"alias", key.alias}}, key.signatures);
    }
    out.metric("hsmfront_hsm_errors_total", "counter", "Failures of the token by class.");
    for (const auto& key : all) {
        for (const auto& [kind, count] : key.errors) {
            out.sample({{"token", key.token}, {"alias", key.alias}, {"class", kind}}, count);
        }
    }
    out.metric("hsmfront_hsm_sign_seconds", "histogram", "Time that the token took to sign.");
    for (const auto& key : all) {
        out.histogram({{"token", key.token}, {"alias", key.alias}}, key.latency);
    }
}

}  // namespace

std::string render_metrics(const ServiceStatus& status) {
    Exposition out;
    service(out, status);
    protocols(out, status);
    handshakes(out, status.handshakes);
    http(out, status.http);
    ftp(out, status.ftp);
    backends(out, status.backends);
    process(out, status);
    staples(out, status.staples);
    if (status.hsm) {
        tokens(out, status.hsm->tokens);
        keys(out, status.hsm->keys);
    }
    return out.take();
}

}  // namespace hsmfront::admin
