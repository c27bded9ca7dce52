#include "proxy/admin/service_status.hpp"

#include <spdlog/fmt/chrono.h>
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <numeric>

namespace hsmfront::admin {
namespace {

using certs::TokenStatus;
using Phase = ProtocolStatus::Phase;

constexpr std::chrono::seconds proof_age{30};
constexpr std::time_t day = 86'400;

bool any_token_up(const certs::HsmStatus& hsm) {
    return std::any_of(hsm.tokens.begin(), hsm.tokens.end(), [](const TokenStatus& token) {
        return token.state == TokenStatus::State::up;
    });
}

bool serves(const ProtocolStatus& protocol, const std::optional<certs::HsmStatus>& hsm) {
    return protocol.phase == Phase::up && (!protocol.hsm || (hsm && any_token_up(*hsm)));
}

/// Milliseconds that `share` of the durations stayed within: the bound of their bucket.
std::string within(const certs::Histogram& histogram, double share) {
    const auto total = histogram.total();
    if (total == 0) {
        return "-";
    }
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < histogram.bounds.size(); ++i) {
        seen += histogram.counts[i];
        if (static_cast<double>(seen) >= share * static_cast<double>(total)) {
            return fmt::format("<={} ms", histogram.bounds[i] * 1000);
        }
    }
    return fmt::format(">{} ms", histogram.bounds.back() * 1000);
}

class Writer {
  public:
    explicit Writer(std::time_t now) : now_(now) {}

    void head(const ServiceStatus& status) {
        const auto why = status.not_ready();
        line("hsmfront {}, up {}", status.version, status.up_for);
        line("ready: {}", why.empty() ? "yes" : "no, " + why);
        line("connections: {}, refused: {}", status.connections, status.refused());
        if (status.last_reload) {
            line(
                "last reload: {:%Y-%m-%d %H:%M:%S} UTC, {}",
                fmt::gmtime(std::chrono::system_clock::to_time_t(status.last_reload->at)),
                status.last_reload->message
            );
        }
    }

    void protocol(const ProtocolStatus& one) {
        line("{:<5} {}{}{}", one.name, name(one.phase), one.reason.empty() ? "" : ": ", one.reason);
        for (const auto& certificate : one.certificates) {
            line(
                "      {} ({}, key in {}) {}, until {:%Y-%m-%d}, {} days left",
                certificate.alias,
                certificate.type,
                one.hsm ? "HSM" : "file",
                certificate.subject,
                fmt::gmtime(certificate.not_after),
                (certificate.not_after - now_) / day
            );
        }
    }

    void handshakes(const HandshakeStatus& one) {
        const tls::HandshakeTotals& totals = one.totals;
        const tls::HandshakeTotals::Done done = totals.all_done();
        std::string causes;
        for (std::size_t i = 0; i < totals.failed.size(); ++i) {
            if (totals.failed[i] != 0) {
                causes += causes.empty() ? ": " : ", ";
                causes += label(static_cast<tls::HandshakeCause>(i));
                causes += ' ' + std::to_string(totals.failed[i]);
            }
        }
        line(
            "handshakes, {}: {} full, {} resumed, {} failed{}",
            one.protocol,
            done.full,
            done.resumed,
            totals.all_failed(),
            causes
        );
    }

    void traffic(const ServiceStatus& status) {
        const HttpStatus& http = status.http;
        if (http.connections != 0) {
            line(
                "https: {} connections, {} requests ({} with 5xx), {} in, {} out",
                http.connections,
                http.all_requests(),
                http.requests[5],
                byte_text(http.received),
                byte_text(http.sent)
            );
        }
        if (status.ftp.sessions != 0) {
            line(
                "ftps: {} sessions, {} logins refused",
                status.ftp.sessions,
                status.ftp.refused_logins
            );
        }
        for (const auto& one : status.ftp.transfers) {
            if (one.complete != 0 || one.failed != 0) {
                line(
                    "      {}s: {}, {} failed, {}",
                    one.kind,
                    one.complete,
                    one.failed,
                    byte_text(one.bytes)
                );
            }
        }
        for (const auto& one : status.backends) {
            line(
                "backend {}: {}, {} requests now, {} in all, {} failed",
                one.name,
                one.up ? "up" : "down",
                one.active,
                one.requests,
                one.failures
            );
        }
    }

    void staple(const StapleStatus& one) {
        if (one.next_update == 0 && one.problem.empty()) {
            return;  // no stapling is wanted
        }
        const std::string state =
            one.next_update == 0
                ? std::string(one.required ? "none, must-staple" : "none")
                : fmt::format("good until {:%Y-%m-%d %H:%M} UTC", fmt::gmtime(one.next_update));
        line("staple {}: {}{}{}", one.alias, state, one.problem.empty() ? "" : "; ", one.problem);
    }

    void token(const TokenStatus& one) {
        line(
            "token {}: {}{}{}, generation {}, {} signers ({} stuck), {} queued, {} signatures, {} "
            "failed, {} refused",
            one.label,
            name(one.state),
            one.reason.empty() ? "" : ": ",
            one.reason,
            one.generation,
            one.signers,
            one.wedged,
            one.queued,
            one.signatures,
            one.failures,
            one.refused
        );
    }

    void key(const certs::KeyStatus& one) {
        line(
            "      {}: {} signatures, half {}, 99 of 100 {}",
            one.alias,
            one.signatures,
            within(one.latency, 0.5),
            within(one.latency, 0.99)
        );
        for (const auto& [kind, count] : one.errors) {
            if (count != 0) {
                line("        errors, {}: {}", kind, count);
            }
        }
    }

    [[nodiscard]] std::string take() { return std::move(text_); }

  private:
    template <class... Arguments>
    void line(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
        fmt::format_to(std::back_inserter(text_), format, std::forward<Arguments>(arguments)...);
        text_ += '\n';
    }

    std::time_t now_;
    std::string text_;
};

}  // namespace

std::uint64_t HttpStatus::all_requests() const {
    return std::accumulate(requests.begin(), requests.end(), std::uint64_t{0});
}

std::uint64_t ServiceStatus::refused() const {
    std::uint64_t all = 0;
    for (const auto& one : limits) {
        all += one.refused;
    }
    return all;
}

std::string ServiceStatus::not_ready() const {
    if (draining) {
        return "it was told to stop";
    }
    if (std::none_of(protocols.begin(), protocols.end(), [this](const ProtocolStatus& one) {
            return serves(one, hsm);
        })) {
        return "no protocol serves";
    }
    for (const auto& one : protocols) {
        if (one.phase == Phase::up && !serves(one, hsm)) {
            return one.name + " serves no new client: the HSM is away";
        }
        if (one.phase == Phase::up && one.hsm && !hsm->proven_within(proof_age)) {
            return "the HSM made no signature for 30 s";
        }
        if (one.phase == Phase::away || one.phase == Phase::waiting_pin) {
            return one.name + " " + std::string(name(one.phase));
        }
    }
    return {};
}

std::string_view name(Phase phase) {
    static constexpr std::array<std::string_view, 5> names{
        "starting", "waiting for the PIN", "waiting for the HSM", "up", "down"};
    return names[static_cast<std::size_t>(phase)];
}

std::string_view name(TokenStatus::State state) {
    static constexpr std::array<std::string_view, 4> names{"up", "away", "PIN refused", "stopped"};
    return names[static_cast<std::size_t>(state)];
}

std::string render(const ServiceStatus& status, std::time_t now) {
    Writer writer(now);
    writer.head(status);
    for (const auto& protocol : status.protocols) {
        writer.protocol(protocol);
    }
    for (const auto& one : status.handshakes) {
        writer.handshakes(one);
    }
    writer.traffic(status);
    for (const auto& staple : status.staples) {
        writer.staple(staple);
    }
    if (status.hsm) {
        for (const auto& token : status.hsm->tokens) {
            writer.token(token);
            for (const auto& key : status.hsm->keys) {
                if (key.token == token.label) {
                    writer.key(key);
                }
            }
        }
    }
    return writer.take();
}

}  // namespace hsmfront::admin
