#include "bench/clients/handshakes.hpp"

#include "bench/clients/event_loop.hpp"
#include "bench/clients/latencies.hpp"
#include "bench/clients/measurement.hpp"
#include "bench/clients/tls_connection.hpp"

#include <array>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace hsmfront::bench {
namespace {

using Outcome = TlsConnection::Outcome;

/// What the handshakes of one run share.
struct Run {
    EventLoop& loop;
    SSL_CTX* ctx;
    const Endpoint& to;
    SSL_SESSION* session;
    Latencies latencies;
    std::uint64_t resumed = 0;
    std::uint64_t failed = 0;
    std::string failure = {};  ///< why the last one failed
    bool over = false;
};

/// One handshake after the other.
class Handshaker : public Actor {
  public:
    Handshaker(Run& run, int number) : run_(run), number_(number) { begin(); }

    void proceed() override {
        while (!run_.over && advance()) {
        }
    }

  private:
    void begin() {
        begun_ = Clock::now();
        shaken_ = false;
        connection_.emplace(run_.ctx, run_.to, number_, run_.session);
        run_.loop.add(connection_->fd(), *this);
    }

    /// False: there is nothing to do before the peer does something.
    bool advance() {
        const Outcome outcome = shaken_ ? connection_->closing() : connection_->handshake();
        if (outcome == Outcome::waiting) {
            return false;
        }
        // How the peer ends the connection is its own affair.
        if (outcome == Outcome::failed && !shaken_) {
            ++run_.failed;
            run_.failure = connection_->failure();
        }
        if (outcome == Outcome::done && !shaken_) {
            run_.latencies.add(Clock::now() - begun_);
            run_.resumed += SSL_session_reused(connection_->ssl()) == 1 ? 1 : 0;
            connection_->close();
            shaken_ = true;
            return true;
        }
        begin();
        return true;
    }

    Run& run_;
    int number_;
    std::optional<TlsConnection> connection_;
    Clock::time_point begun_;
    bool shaken_ = false;
};

SslSessionPtr received;  // by keep_session, which OpenSSL gives no place of ours

int keep_session(SSL*, SSL_SESSION* session) {
    received.reset(session);
    return 1;
}

/// Connects once and waits until the target has given a session that can be resumed.
class SessionFetch : public Actor {
  public:
    explicit SessionFetch(Run& run) : connection_(run.ctx, run.to, 0) {
        run.loop.add(connection_.fd(), *this);
    }
    /// OpenSSL resumes no session of a connection that ended without close_notify.
    ~SessionFetch() override { connection_.close(); }
    SessionFetch(const SessionFetch&) = delete;
    SessionFetch& operator=(const SessionFetch&) = delete;

    void proceed() override {
        shaken_ = shaken_ || connection_.handshake() == Outcome::done;
        std::array<char, 512> nothing{};
        while (shaken_ && connection_.read(nothing) > 0) {
        }
    }

  private:
    TlsConnection connection_;
    bool shaken_ = false;
};

SslSessionPtr fetch_session(Run& run) {
    SSL_CTX_set_session_cache_mode(run.ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(run.ctx, keep_session);
    SessionFetch fetch(run);
    const auto limit = Clock::now() + std::chrono::seconds(5);
    run.loop.run([limit]() -> std::optional<Clock::time_point> {
        return received || Clock::now() > limit ? std::nullopt : std::optional(limit);
    });
    // OpenSSL's cache would give up a session that was used once or renewed.
    SSL_CTX_set_session_cache_mode(run.ctx, SSL_SESS_CACHE_OFF);
    if (!received) {
        throw std::runtime_error("the target gives no sessions to resume");
    }
    return std::move(received);
}

}  // namespace

void run_handshakes(Options& options) {
    const Endpoint to(options.text("to", "443"));
    const SslCtxPtr ctx = client_context(options.text("tls", "1.3"), options.text("alpn", ""));
    const auto concurrency = static_cast<int>(options.number("concurrency", 16));
    const bool resume = options.number("resume", 0) != 0;
    Measurement measurement(options);
    options.expect_no_more();

    EventLoop loop;
    Run run{loop, ctx.get(), to, nullptr, {}};
    const SslSessionPtr session = resume ? fetch_session(run) : nullptr;
    run.session = session.get();
    measurement.begin();
    std::vector<std::unique_ptr<Handshaker>> handshakers;
    for (int i = 0; i < concurrency; ++i) {
        handshakers.push_back(std::make_unique<Handshaker>(run, i));
    }
    loop.run([&]() -> std::optional<Clock::time_point> {
        const auto now = Clock::now();
        run.over = now >= measurement.end();
        return run.over ? std::nullopt : std::optional(measurement.end());
    });
    if (run.latencies.count() == 0) {
        throw std::runtime_error("no handshake succeeded: " + run.failure);
    }
    std::ostringstream figures;
    figures << "handshakes=" << run.latencies.count() << " resumed=" << run.resumed
            << " failed=" << run.failed << " " << run.latencies.quantiles();
    measurement.report(figures.str());
}

}  // namespace hsmfront::bench
