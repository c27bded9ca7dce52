#include "proxy/admin/status_page.hpp"
#include "proxy/log/json.hpp"

#include <spdlog/fmt/fmt.h>

#include <concepts>
#include <iterator>

namespace hsmfront::admin {
namespace {

constexpr std::time_t day = 86'400;
constexpr std::size_t longest_name = 128;  ///< of what clients call themselves

/// Writes JSON (RFC 8259); commas are its business, nesting the caller's.
class Json {
  public:
    template <class Content>
    void object(Content content) {
        nest('{', '}', content);
    }
    template <class Content>
    void object(std::string_view name, Content content) {
        key(name);
        nest('{', '}', content);
    }
    template <class Items, class Content>
    void array(std::string_view name, const Items& items, Content content) {
        key(name);
        nest('[', ']', [&] {
            for (const auto& item : items) {
                separate();
                content(item);
            }
        });
    }
    void member(std::string_view name, std::string_view value) {
        key(name);
        log::append_json_string(text_, value);
    }
    void member(std::string_view name, const char* value) { member(name, std::string_view(value)); }
    void member(std::string_view name, bool value) {
        key(name);
        text_ += value ? "true" : "false";
    }
    template <class Number>
    requires(std::integral<Number> || std::floating_point<Number>) void member(
        std::string_view name, Number value
    ) {
        key(name);
        number(value);
    }
    template <class Number>
    void number(Number value) {
        fmt::format_to(std::back_inserter(text_), "{}", value);
    }
    void null() { text_ += "null"; }

    [[nodiscard]] std::string take() { return std::move(text_); }

  private:
    template <class Content>
    void nest(char open, char close, const Content& content) {
        text_ += open;
        first_ = true;
        content();
        first_ = false;
        text_ += close;
    }
    void separate() {
        if (!std::exchange(first_, false)) {
            text_ += ',';
        }
    }
    void key(std::string_view name) {
        separate();
        log::append_json_string(text_, name);
        text_ += ':';
    }

    std::string text_;
    bool first_ = true;
};

void service(Json& json, const ServiceStatus& status) {
    const std::string why = status.not_ready();
    json.member("version", status.version);
    json.member("up_for", status.up_for.count());
    json.member("ready", why.empty());
    json.member("not_ready", why);
    json.member("draining", status.draining);
    json.member("connections", status.connections);
    json.array("refused", status.limits, [&](const LimitStatus& one) {
        json.object([&] {
            json.member("limit", one.limit);
            json.member("count", one.refused);
        });
    });
    json.member("reloads", status.reloads);
    json.member("reloads_failed", status.reloads_failed);
    json.member("last_reload", status.last_reload ? status.last_reload->message : std::string());
    json.object("process", [&] {
        json.member("cpu_seconds", status.process.cpu_seconds);
        json.member("resident_bytes", status.process.resident_bytes);
        json.member("open_fds", status.process.open_fds);
        json.member("max_fds", status.process.max_fds);
    });
}

void protocols(Json& json, const ServiceStatus& status, std::time_t now) {
    json.array("protocols", status.protocols, [&](const ProtocolStatus& one) {
        json.object([&] {
            json.member("name", one.name);
            json.member("phase", name(one.phase));
            json.member("reason", one.reason);
            json.member("hsm", one.hsm);
            json.array("certificates", one.certificates, [&](const CertificateStatus& certificate) {
                json.object([&] {
                    json.member("alias", certificate.alias);
                    json.member("subject", certificate.subject);
                    json.member("type", certificate.type);
                    json.member("not_after", certificate.not_after);
                    json.member("days_left", (certificate.not_after - now) / day);
                });
            });
        });
    });
    json.array("handshakes", status.handshakes, [&](const HandshakeStatus& one) {
        json.object([&] {
            json.member("protocol", one.protocol);
            json.member("full", one.totals.all_done().full);
            json.member("resumed", one.totals.all_done().resumed);
            json.member("failed", one.totals.all_failed());
        });
    });
}

void tokens(Json& json, const ServiceStatus& status) {
    json.member("latency_interval", LatencyHistory::interval.count());
    static const std::vector<certs::TokenStatus> none;
    json.array("tokens", status.hsm ? status.hsm->tokens : none, [&](const auto& token) {
        json.object([&] {
            json.member("label", token.label);
            json.member("state", name(token.state));
            json.member("reason", token.reason);
            json.member("signers", token.signers);
            json.member("stuck", token.wedged);
            json.member("queued", token.queued);
            json.member("signatures", token.signatures);
            json.member("failures", token.failures);
            json.member("refused", token.refused);
            json.array("latency_ms", status.latency.of(token.label), [&](const auto& value) {
                if (value) {
                    json.number(*value);
                } else {
                    json.null();
                }
            });
        });
    });
}

void sessions(Json& json, const SessionStatus& status) {
    json.object("sessions", [&] {
        json.member("total", status.list.total);
        json.member("silent_workers", status.silent);
        json.array("shown", status.list.shown, [&](const net::SessionFacts& one) {
            json.object([&] {
                json.member("id", one.id);
                json.member("protocol", one.protocol);
                json.member("client", one.client);
                json.member("via", one.via);
                json.member("user", std::string_view(one.user).substr(0, longest_name));
                json.member("doing", one.doing);
                json.member("backend", one.backend);
                json.member("age", static_cast<double>(one.age.count()) / 1000);
                json.member("received", one.received);
                json.member("sent", one.sent);
                json.member("units", one.units);
            });
        });
    });
}

void traffic(Json& json, const ServiceStatus& status) {
    json.object("http", [&] {
        json.member("connections", status.http.connections);
        json.object("requests", [&] {
            for (std::size_t i = 0; i < status_classes.size(); ++i) {
                json.member(status_classes[i], status.http.requests[i]);
            }
        });
        json.member("received", status.http.received);
        json.member("sent", status.http.sent);
    });
    json.object("ftp", [&] {
        json.member("sessions", status.ftp.sessions);
        json.member("refused_logins", status.ftp.refused_logins);
        json.array("transfers", status.ftp.transfers, [&](const FtpStatus::Transfers& one) {
            json.object([&] {
                json.member("kind", one.kind);
                json.member("complete", one.complete);
                json.member("failed", one.failed);
                json.member("bytes", one.bytes);
            });
        });
    });
    json.array("backends", status.backends, [&](const BackendStatus& one) {
        json.object([&] {
            json.member("name", one.name);
            json.member("up", one.up);
            json.member("active", one.active);
            json.member("requests", one.requests);
            json.member("failures", one.failures);
            json.member("retries", one.retries);
        });
    });
}

}  // namespace

std::string render_json(const ServiceStatus& status, std::time_t now) {
    Json json;
    json.object([&] {
        service(json, status);
        protocols(json, status, now);
        tokens(json, status);
        traffic(json, status);
        if (status.sessions) {
            sessions(json, *status.sessions);
        }
    });
    return json.take() + '\n';
}

}  // namespace hsmfront::admin
