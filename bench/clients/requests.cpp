#include "bench/clients/requests.hpp"

#include "bench/clients/event_loop.hpp"
#include "bench/clients/latencies.hpp"
#include "bench/clients/measurement.hpp"
#include "bench/clients/request_connection.hpp"

#include <algorithm>
#include <deque>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <vector>

namespace hsmfront::bench {
namespace {

using std::chrono::seconds;

/// Connections that are being opened at one time.
constexpr std::size_t opening_limit = 64;
/// For opening all of them.
constexpr auto patience = seconds(300);

struct Plan {
    explicit Plan(Options& options)
        : to(options.text("to", "443")),
          tls(options.text("tls", "1.3")),
          http(options.text("http", "1.1")),
          connections(options.number("connections", 32)),
          streams(http == "2" ? options.number("streams", 1) : 1),
          in_flight(options.number("in_flight", connections * streams)),
          rate(options.number("rate", 0)) {
        request.path = options.text("path", "/");
        request.upload = options.number("upload", 0);
        request.authority = to.loopback ? "localhost" : to.host;
    }

    Endpoint to;
    std::string tls;
    std::string http;
    std::size_t connections;
    std::size_t streams;
    std::size_t in_flight;
    std::uint64_t rate;
    Request request;
};

/// Gives requests to connections that are free, the one that has been so longest first.
class Load : public RequestObserver {
  public:
    explicit Load(const Plan& plan)
        : plan_(plan), ctx_(client_context(plan.tls, plan.http == "2" ? "h2" : "http/1.1")) {}

    /// Opens all connections. Each is asked once right away: what the first request costs is no
    /// part of the load, and no target waits for it in vain.
    void open() {
        loop_.run([this, limit = Clock::now() + patience] {
            while (connections_.size() < plan_.connections &&
                   connections_.size() - ready_ < opening_limit) {
                connect();
            }
            return next_wait(ready_ == plan_.connections, limit);
        });
        latencies_.clear();
        bytes_ = 0;
        opening_ = false;
    }

    void run_until(Clock::time_point end) {
        due_ = Clock::now();
        loop_.run([this, end] {
            if (plan_.rate == 0) {
                start_all(plan_.in_flight);
                return next_wait(Clock::now() >= end, end);
            }
            start_due();
            // Without a free connection the next event is an answer.
            return next_wait(Clock::now() >= end, free_.empty() ? end : std::min(due_, end));
        });
    }

    [[nodiscard]] std::string figures() const {
        std::ostringstream text;
        text << "requests=" << latencies_.count() << " bytes=" << bytes_ << " "
             << latencies_.quantiles();
        return text.str();
    }

    void opened(RequestConnection& connection) override { connection.start(Clock::now()); }
    void answered(RequestConnection& connection, Clock::time_point since) override {
        latencies_.add(Clock::now() - since);
        if (opening_) {
            ++ready_;
            free_.insert(free_.end(), plan_.streams, &connection);
        } else {
            --busy_;
            free_.push_back(&connection);
        }
    }
    void moved(std::uint64_t bytes) override { bytes_ += bytes; }
    void failed(const std::string& reason) override { failure_ = reason; }

  private:
    void connect() {
        const int number = static_cast<int>(connections_.size());
        connections_.push_back(
            make_connection(plan_.http, ctx_.get(), plan_.to, number, plan_.request, *this)
        );
        loop_.add(connections_.back()->fd(), *connections_.back());
    }

    /// Starts requests until `limit` are under way; those of one connection leave it together.
    void start_all(std::size_t limit) {
        while (busy_ < limit && !free_.empty() && failure_.empty()) {
            start(Clock::now());
        }
        flush();
    }

    void start_due() {
        const auto interval = std::chrono::nanoseconds(seconds(1)) / plan_.rate;
        while (due_ <= Clock::now() && !free_.empty() && failure_.empty()) {
            start(due_);
            due_ += interval;
        }
        flush();
    }

    void start(Clock::time_point since) {
        RequestConnection& connection = *free_.front();
        free_.pop_front();
        ++busy_;
        connection.start(since);
        started_.push_back(&connection);
    }

    void flush() {
        for (RequestConnection* connection : started_) {
            connection->proceed();
        }
        started_.clear();
    }

    std::optional<Clock::time_point> next_wait(bool done, Clock::time_point until) {
        if (!failure_.empty()) {
            throw std::runtime_error(failure_);
        }
        if (!done && opening_ && Clock::now() > until) {
            throw std::runtime_error("the connections do not stand in time");
        }
        return done ? std::nullopt : std::optional(until);
    }

    const Plan& plan_;
    SslCtxPtr ctx_;
    EventLoop loop_;
    std::vector<std::unique_ptr<RequestConnection>> connections_;
    bool opening_ = true;
    std::size_t ready_ = 0;  ///< connections that were answered once
    std::size_t busy_ = 0;
    std::deque<RequestConnection*> free_;
    std::vector<RequestConnection*> started_;
    Clock::time_point due_;
    Latencies latencies_;
    std::uint64_t bytes_ = 0;
    std::string failure_;
};

}  // namespace

void run_requests(Options& options) {
    const Plan plan(options);
    Measurement measurement(options);
    options.expect_no_more();
    Load load(plan);
    load.open();
    measurement.begin();
    load.run_until(measurement.end());
    measurement.report(load.figures());
}

}  // namespace hsmfront::bench
