// Load for a TLS server on 127.0.0.1: full handshakes as fast as they go, or the latency of
// requests on one kept-alive connection. Prints one line of "name=value" pairs.
//   tls_load handshakes PORT SECONDS CONCURRENCY
//   tls_load latency PORT SECONDS PATH
#include <openssl/ssl.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using SslCtxPtr = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

/// One connection, blocking, with a time limit on each read so that a dead server ends the run.
class Connection {
  public:
    Connection(SSL_CTX* ctx, std::uint16_t port) : ssl_(SSL_new(ctx), SSL_free) {
        fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const timeval limit{20, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
        const int on = 1;
        ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connected_ =
            ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 &&
            SSL_set_fd(ssl_.get(), fd_) == 1 && SSL_connect(ssl_.get()) == 1;
    }
    ~Connection() {
        if (connected_) {
            SSL_shutdown(ssl_.get());
        }
        // A reset instead of FIN: thousands of ports in TIME_WAIT would end the run.
        const linger now{1, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
        ::close(fd_);
    }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    [[nodiscard]] bool connected() const { return connected_; }

    /// Sends a request and reads until its answer's body (with a length) is complete.
    [[nodiscard]] bool get(const std::string& path) {
        const std::string request = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
        if (SSL_write(ssl_.get(), request.data(), static_cast<int>(request.size())) <= 0) {
            return false;
        }
        std::string answer;
        while (!complete(answer)) {
            char buffer[4096];
            const int count = SSL_read(ssl_.get(), buffer, sizeof(buffer));
            if (count <= 0) {
                return false;
            }
            answer.append(buffer, static_cast<std::size_t>(count));
        }
        return answer.compare(0, 12, "HTTP/1.1 200") == 0;
    }

  private:
    static bool complete(const std::string& answer) {
        const auto head = answer.find("\r\n\r\n");
        if (head == std::string::npos) {
            return false;
        }
        std::string lower = answer.substr(0, head);
        std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) {
            return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
        });
        const auto length = lower.find("content-length: ");
        const std::size_t body =
            length == std::string::npos ? 0 : std::stoul(lower.substr(length + 16));
        return answer.size() >= head + 4 + body;
    }

    std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
    int fd_ = -1;
    bool connected_ = false;
};

void handshakes(SSL_CTX* ctx, std::uint16_t port, double seconds, int concurrency) {
    std::atomic<long> done = 0;
    std::atomic<long> failed = 0;
    const auto begin = Clock::now();
    const auto end = begin + std::chrono::duration<double>(seconds);
    std::vector<std::thread> threads;
    for (int i = 0; i < concurrency; ++i) {
        threads.emplace_back([&] {
            while (Clock::now() < end) {
                const Connection connection(ctx, port);
                ++(connection.connected() ? done : failed);
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    const double took = std::chrono::duration<double>(Clock::now() - begin).count();
    std::cout << "rate=" << static_cast<double>(done) / took << " done=" << done
              << " failed=" << failed << "\n";
}

/// One request every 2 ms, so that the measurement itself is no load.
void latency(SSL_CTX* ctx, std::uint16_t port, double seconds, const std::string& path) {
    Connection connection(ctx, port);
    std::vector<double> micros;
    long failed = connection.connected() ? 0 : 1;
    const auto end = Clock::now() + std::chrono::duration<double>(seconds);
    while (failed == 0 && Clock::now() < end) {
        const auto begin = Clock::now();
        failed += connection.get(path) ? 0 : 1;
        micros.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begin).count());
        std::this_thread::sleep_until(begin + std::chrono::milliseconds(2));
    }
    std::sort(micros.begin(), micros.end());
    const auto at = [&](double part) {
        return micros.empty() ? 0.0
                              : micros[static_cast<std::size_t>(
                                    part * static_cast<double>(micros.size() - 1)
                                )];
    };
    std::cout << "median_us=" << at(0.5) << " p99_us=" << at(0.99) << " max_us=" << at(1.0)
              << " requests=" << micros.size() << " failed=" << failed << "\n";
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5) {
        std::cerr << "usage: tls_load handshakes PORT SECONDS CONCURRENCY\n"
                     "       tls_load latency PORT SECONDS PATH\n";
        return 2;
    }
    const std::string mode = argv[1];
    const auto port = static_cast<std::uint16_t>(std::atoi(argv[2]));
    const double seconds = std::atof(argv[3]);
    const SslCtxPtr ctx(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
    SSL_CTX_set_session_cache_mode(ctx.get(), SSL_SESS_CACHE_OFF);
    if (mode == "handshakes") {
        handshakes(ctx.get(), port, seconds, std::atoi(argv[4]));
    } else {
        latency(ctx.get(), port, seconds, argv[4]);
    }
    return 0;
}
