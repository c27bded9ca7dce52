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
    out.metric("hsmfront_connections", "gauge", "Client connections that are open.");
    out.sample({}, status.connections);
    out.metric(
        "hsmfront_connections_refused_total", "counter", "Connections beyond one of the limits."
    );
    out.sample({}, status.refused_connections);
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
        {"hsmfront_hsm_generation", "counter", "Connections made to the token."},
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
    staples(out, status.staples);
    if (status.hsm) {
        tokens(out, status.hsm->tokens);
        keys(out, status.hsm->keys);
    }
    return out.take();
}

}  // namespace hsmfront::admin
