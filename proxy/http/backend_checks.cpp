// Health checks: one coroutine for each server.
#include "proxy/http/backend_checks.hpp"

#include "proxy/http/head.hpp"
#include "proxy/http/inlet.hpp"
#include "proxy/net/deadline.hpp"
#include "proxy/net/errc.hpp"
#include "proxy/net/task_group.hpp"
#include "proxy/net/tcp_stream.hpp"

#include <random>

namespace hsmfront::http {

namespace {

using net::milliseconds;

constexpr std::size_t max_head = 16'384;
constexpr std::size_t max_fields = 256;

/// Somewhere within a tenth of `interval`, so that checks of many servers do not march in step.
milliseconds jittered(milliseconds interval) {
    static thread_local std::minstd_rand random{std::random_device{}()};
    const auto tenth = interval.count() / 10;
    return interval + milliseconds(std::uniform_int_distribution<long>(-tenth, tenth)(random));
}

std::string request_for(const config::HttpHealth& settings, const std::string& host) {
    return "GET " + settings.path + " HTTP/1.1\r\nHost: " + host +
           "\r\nUser-Agent: hsmfront/health\r\nAccept: */*\r\nConnection: close\r\n\r\n";
}

/// Empty: the head of a 2xx or 3xx response came; else what is wrong.
net::Task<std::string> judge(Inlet& inlet) {
    HeadScanner scanner(HeadScanner::Kind::response, max_head);
    HeadScanner::State state = scanner.scan(inlet.bytes());
    while (state == HeadScanner::State::incomplete) {
        const error_code ec = co_await inlet.more();
        if (ec) {
            co_return ec.message();
        }
        state = scanner.scan(inlet.bytes());
    }
    if (state != HeadScanner::State::complete) {
        co_return "no valid response";
    }
    const Parsed<ResponseHead> head = parse_response_head(scanner.head(inlet.bytes()), max_fields);
    if (!head) {
        co_return "no valid response";
    }
    const bool well = head->status >= 200 && head->status < 400;
    co_return well ? std::string() : "status " + std::to_string(head->status);
}

}  // namespace

class BackendChecks::Check {
  public:
    Check(
        net::WorkerContext& worker,
        const config::HttpHealth& settings,
        std::shared_ptr<const BackendBoard> board,
        Target target
    )
        : worker_(worker),
          settings_(settings),
          board_(std::move(board)),
          target_(std::move(target)),
          request_(request_for(settings, target_.server->name())),
          wait_(worker.executor) {
        target_.server->health().begin_checks();
    }
    ~Check() { end(); }
    Check(const Check&) = delete;
    Check& operator=(const Check&) = delete;

    [[nodiscard]] net::Task<void> run();
    void end() noexcept;

  private:
    [[nodiscard]] bool wanted() const noexcept;
    [[nodiscard]] net::Task<void> once();
    [[nodiscard]] net::Task<std::string> ask();

    net::WorkerContext& worker_;
    const config::HttpHealth settings_;
    const std::shared_ptr<const BackendBoard> board_;
    const Target target_;
    const std::string request_;
    BackendWait wait_;
    net::Event pause_;
    net::TcpStream* stream_ = nullptr;  ///< while it is open
    bool ended_ = false;
};

bool BackendChecks::Check::wanted() const noexcept {
    return !ended_ && !board_->retired() && !worker_.sessions.draining();
}

net::Task<void> BackendChecks::Check::run() {
    while (wanted()) {
        co_await once();
        if (!ended_) {
            co_await pause_.wait_for(jittered(settings_.interval));
        }
    }
    end();
}

void BackendChecks::Check::end() noexcept {
    if (std::exchange(ended_, true)) {
        return;
    }
    target_.server->health().end_checks();
    pause_.notify();
    wait_.interrupt(net::Errc::stopped);
    if (stream_ != nullptr) {
        stream_->interrupt(net::Errc::stopped);
    }
}

net::Task<void> BackendChecks::Check::once() {
    const std::string complaint = co_await ask();
    if (!wanted()) {
        co_return;
    }
    BackendHealth& health = target_.server->health();
    const auto now = net::Clock::now();
    if (complaint.empty()) {
        health.check_passed(settings_, now);
    } else {
        health.check_failed(settings_, now, "health check: " + complaint);
    }
}

net::Task<std::string> BackendChecks::Check::ask() {
    const auto started = net::Clock::now();
    Result<net::Socket> socket = co_await connect(target_.addresses, wait_, settings_.timeout);
    if (!socket) {
        co_return socket.error().message();
    }
    net::TcpStream stream(std::move(*socket));
    stream_ = &stream;
    const auto spent = std::chrono::duration_cast<milliseconds>(net::Clock::now() - started);
    const net::Deadline deadline(worker_.executor, {&stream}, settings_.timeout - spent);
    Inlet inlet(stream, worker_);
    const error_code ec = co_await net::write_all(stream, std::string_view(request_));
    std::string complaint = ec.message();
    if (!ec) {
        complaint = co_await judge(inlet);
    }
    stream_ = nullptr;
    co_return complaint;
}

BackendChecks::BackendChecks(
    net::WorkerContext& worker,
    const config::HttpHealth& settings,
    std::shared_ptr<const BackendBoard> board,
    const std::vector<Target>& targets
) {
    for (const Target& target : targets) {
        checks_.push_back(std::make_shared<Check>(worker, settings, board, target));
        net::spawn(worker.executor, run(checks_.back()), net::LogException{"health check"});
    }
}

BackendChecks::~BackendChecks() {
    for (const auto& check : checks_) {
        check->end();
    }
}

net::Task<void> BackendChecks::run(std::shared_ptr<Check> check) { co_await check->run(); }

}  // namespace hsmfront::http
