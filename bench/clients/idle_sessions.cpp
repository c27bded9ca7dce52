// Opens sessions and holds them idle, logged in by FTPS or after one request by HTTPS:
//   idle_sessions PORT COUNT explicit|implicit|https|h2 1.2|1.3
// One thread. The sessions come from 127.1.0.1, 127.1.0.2, …, 500 from each, so that neither the
// ports of one address nor the proxy's limit per address are used up. Prints "ready N" once all
// stand, "failed N" otherwise, and holds them until it is stopped.
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <netinet/in.h>
#include <span>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace {

using SslCtxPtr = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;
using SslPtr = std::unique_ptr<SSL, decltype(&SSL_free)>;

constexpr int sessions_per_address = 500;
/// Sessions that are being opened at one time.
constexpr int opening_limit = 64;

/// What is sent in TLS once the reply to what was sent before has come.
struct Step {
    std::string_view reply;    ///< beginning of what is waited for
    std::string_view command;  ///< sent then; may be empty in the last step
};
constexpr std::array<Step, 6> ftps_steps{{
    {"220", "USER ftp\r\n"},  // explicit TLS: greeted before
    {"331", "PASS secret\r\n"},
    {"230", "PBSZ 0\r\n"},
    {"200", "PROT P\r\n"},
    {"200", "TYPE I\r\n"},
    {"200", ""},
}};
/// The answer has no content, so that its head is all of it.
constexpr std::array<Step, 2> https_steps{{
    {"",  // the client speaks first
     "GET /idle HTTP/1.1\r\nHost: localhost\r\nUser-Agent: idle_sessions\r\nAccept: */*\r\n\r\n"},
    {"HTTP/1.1 204", ""},
}};

using namespace std::string_view_literals;
/// Preface, SETTINGS, and HEADERS with :method GET, :scheme https, :path /idle and :authority,
/// which are the end of stream 1; once it is answered, SETTINGS acknowledged.
constexpr std::array<Step, 2> http2_steps{{
    {"",
     "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"
     "\0\0\x14\1\5\0\0\0\1\x82\x87\4\5/idle\1\tlocalhost"sv},
    {"", "\0\0\0\4\1\0\0\0\0"sv},
}};

enum class Mode { explicit_ftps, implicit_ftps, https, http2 };

std::span<const Step> steps_of(Mode mode) {
    switch (mode) {
        case Mode::https:
            return https_steps;
        case Mode::http2:
            return http2_steps;
        default:
            return ftps_steps;
    }
}

/// True once `bytes` hold the end of a stream's answer (RFC 9113 §4.1: length, type, flags).
bool ends_stream(std::string_view bytes) {
    constexpr std::size_t head = 9;
    while (bytes.size() >= head) {
        const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
        const std::size_t size = head + (std::size_t{at(0)} << 16U | at(1) << 8U | at(2));
        const bool carries_end = at(3) <= 1;  // DATA, HEADERS
        if (carries_end && (at(4) & 1U) != 0 && bytes.size() >= size) {
            return true;
        }
        bytes.remove_prefix(std::min(size, bytes.size()));
    }
    return false;
}

class Session {
  public:
    enum class State { opening, open, failed };

    Session(SSL_CTX* ctx, std::uint16_t port, int number, Mode mode)
        : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)),
          ssl_(SSL_new(ctx), SSL_free),
          phase_(mode == Mode::explicit_ftps ? Phase::greeting : Phase::handshake),
          mode_(mode),
          steps_(steps_of(mode)),
          greeted_(mode == Mode::implicit_ftps) {
        const auto address = [](std::uint32_t host, std::uint16_t at) {
            sockaddr_in result{};
            result.sin_family = AF_INET;
            result.sin_addr.s_addr = htonl(host);
            result.sin_port = htons(at);
            return result;
        };
        const auto ours =
            address(0x7f010001U + static_cast<std::uint32_t>(number / sessions_per_address), 0);
        const auto theirs = address(INADDR_LOOPBACK, port);
        ::bind(fd_, reinterpret_cast<const sockaddr*>(&ours), sizeof ours);
        ::connect(fd_, reinterpret_cast<const sockaddr*>(&theirs), sizeof theirs);
        SSL_set_fd(ssl_.get(), fd_);
        SSL_set_connect_state(ssl_.get());
    }
    ~Session() {
        ssl_.reset();
        ::close(fd_);
    }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    [[nodiscard]] int fd() const { return fd_; }
    [[nodiscard]] State state() const { return state_; }

    /// Goes on as far as possible without waiting.
    void proceed() {
        while (state_ == State::opening && advance()) {
        }
    }

  private:
    enum class Phase { greeting, auth, handshake, commands };

    /// False: there is nothing to do before more bytes come.
    bool advance() {
        switch (phase_) {
            case Phase::greeting:
                return clear_reply("220", "AUTH TLS\r\n", Phase::auth);
            case Phase::auth:
                return clear_reply("234", "", Phase::handshake);
            case Phase::handshake:
                return handshake();
            case Phase::commands:
                break;
        }
        return command();
    }

    bool clear_reply(std::string_view code, std::string_view answer, Phase next) {
        const ssize_t n = ::recv(fd_, buffer_.data(), buffer_.size(), 0);
        if (!received(n, n < 0 && (errno == EAGAIN || errno == ENOTCONN)) || !take_reply(code)) {
            return false;
        }
        phase_ = next;
        return answer.empty() || must(::send(fd_, answer.data(), answer.size(), MSG_NOSIGNAL) > 0);
    }

    bool handshake() {
        const int rc = SSL_do_handshake(ssl_.get());
        if (rc != 1) {
            const int error = SSL_get_error(ssl_.get(), rc);
            must(error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE);
            return false;
        }
        phase_ = Phase::commands;
        return greeted_ || send(steps_[step_++].command);
    }

    bool command() {
        const int n = SSL_read(ssl_.get(), buffer_.data(), static_cast<int>(buffer_.size()));
        if (!received(n, SSL_get_error(ssl_.get(), n) == SSL_ERROR_WANT_READ)) {
            return false;
        }
        if (!take_reply(steps_[step_].reply)) {
            return true;  // there may be more of it
        }
        const std::string_view next = steps_[step_++].command;
        if (!next.empty() && !send(next)) {
            return false;
        }
        if (step_ == steps_.size()) {
            state_ = State::open;
        }
        return true;
    }

    bool send(std::string_view text) {
        return must(SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size())) > 0);
    }

    /// True if bytes came; else the session has failed unless it `would_block`.
    bool received(ssize_t count, bool would_block) {
        if (count <= 0) {
            must(would_block);
            return false;
        }
        reply_.append(buffer_.data(), static_cast<std::size_t>(count));
        return true;
    }

    bool must(bool well) {
        if (!well) {
            state_ = State::failed;
        }
        return well;
    }

    /// True once a whole reply is there; the session has failed if it does not begin with `code`.
    bool take_reply(std::string_view code) {
        const bool whole = mode_ == Mode::http2 ? ends_stream(reply_) : reply_.ends_with('\n');
        if (!whole) {
            return false;
        }
        const bool well = must(reply_.starts_with(code));
        reply_ = {};
        return well;
    }

    int fd_;
    SslPtr ssl_;
    Phase phase_;
    State state_ = State::opening;
    Mode mode_;
    std::span<const Step> steps_;
    bool greeted_;  ///< in TLS the server speaks first
    std::size_t step_ = 0;
    std::string reply_;
    std::array<char, 512> buffer_{};
};

class Crowd {
  public:
    Crowd(SSL_CTX* ctx, std::uint16_t port, Mode mode, int count)
        : ctx_(ctx), port_(port), mode_(mode), count_(count) {}
    ~Crowd() { ::close(poll_); }
    Crowd(const Crowd&) = delete;
    Crowd& operator=(const Crowd&) = delete;

    /// Opens all; returns how many failed.
    int open() {
        while (opened_ + failed_ < count_) {
            while (static_cast<int>(sessions_.size()) < count_ &&
                   static_cast<int>(sessions_.size()) - opened_ - failed_ < opening_limit) {
                begin();
            }
            std::array<epoll_event, 64> events{};
            const int ready = ::epoll_wait(poll_, events.data(), 64, 20'000);
            if (ready <= 0) {
                return count_ - opened_;
            }
            for (int i = 0; i < ready; ++i) {
                proceed(*static_cast<Session*>(events[static_cast<std::size_t>(i)].data.ptr));
            }
        }
        return failed_;
    }

  private:
    void begin() {
        const int number = static_cast<int>(sessions_.size());
        sessions_.push_back(std::make_unique<Session>(ctx_, port_, number, mode_));
        Session& session = *sessions_.back();
        epoll_event event{};
        event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
        event.data.ptr = &session;
        ::epoll_ctl(poll_, EPOLL_CTL_ADD, session.fd(), &event);
    }

    void proceed(Session& session) {
        if (session.state() != Session::State::opening) {
            return;
        }
        session.proceed();
        opened_ += session.state() == Session::State::open ? 1 : 0;
        failed_ += session.state() == Session::State::failed ? 1 : 0;
    }

    SSL_CTX* ctx_;
    std::uint16_t port_;
    Mode mode_;
    int count_;
    int poll_ = ::epoll_create1(EPOLL_CLOEXEC);
    int opened_ = 0;
    int failed_ = 0;
    std::vector<std::unique_ptr<Session>> sessions_;
};

Mode mode_named(std::string_view name) {
    return name == "https"      ? Mode::https
           : name == "h2"       ? Mode::http2
           : name == "implicit" ? Mode::implicit_ftps
                                : Mode::explicit_ftps;
}

void raise_file_limit() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5) {
        std::cerr << "usage: idle_sessions PORT COUNT explicit|implicit|https|h2 1.2|1.3\n";
        return 2;
    }
    raise_file_limit();
    const SslCtxPtr ctx(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
    const int version = argv[4] == std::string_view("1.2") ? TLS1_2_VERSION : TLS1_3_VERSION;
    SSL_CTX_set_min_proto_version(ctx.get(), version);
    SSL_CTX_set_max_proto_version(ctx.get(), version);
    SSL_CTX_set_mode(ctx.get(), SSL_MODE_RELEASE_BUFFERS);
    const Mode mode = mode_named(argv[3]);
    if (mode == Mode::http2) {
        constexpr std::array<unsigned char, 3> alpn{2, 'h', '2'};
        SSL_CTX_set_alpn_protos(ctx.get(), alpn.data(), alpn.size());
    }
    const int count = std::atoi(argv[2]);
    Crowd crowd(ctx.get(), static_cast<std::uint16_t>(std::atoi(argv[1])), mode, count);
    const int failed = crowd.open();
    std::cout << (failed == 0 ? "ready " : "failed ") << (failed == 0 ? count : failed)
              << std::endl;
    if (failed == 0) {
        ::pause();
    }
    return 1;
}
