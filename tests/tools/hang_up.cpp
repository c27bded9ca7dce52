// Clients that say hello and leave before they are answered: hang_up PORT COUNT CONCURRENCY
// Every third leaves with RST, the others with FIN; up to 8 ms after its ClientHello. Prints
// "gone=N answered=N": how many left, and to how many of those the server had begun to answer.
#include <openssl/ssl.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <netinet/in.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using SslCtxPtr = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

/// A ClientHello as a client with default settings sends it.
std::string make_hello(SSL_CTX* ctx) {
    const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(ctx), SSL_free);
    SSL_set_bio(ssl.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl.get());
    SSL_do_handshake(ssl.get());
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(SSL_get_wbio(ssl.get()), &bytes);
    return {bytes, static_cast<std::size_t>(size)};
}

/// True if the server sent something before we left.
bool visit(std::uint16_t port, const std::string& hello, long number) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::send(fd, hello.data(), hello.size(), MSG_NOSIGNAL) < 0) {
        std::perror("hang_up");
        std::exit(1);
    }
    pollfd waiting{fd, POLLIN, 0};
    const bool answered = ::poll(&waiting, 1, static_cast<int>(number % 9)) > 0;
    if (number % 3 == 0) {
        const linger now{1, 0};
        ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
    ::close(fd);
    return answered;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) {
        std::cerr << "usage: hang_up PORT COUNT CONCURRENCY\n";
        return 2;
    }
    const auto port = static_cast<std::uint16_t>(std::atoi(argv[1]));
    const long count = std::atol(argv[2]);
    const SslCtxPtr ctx(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
    const std::string hello = make_hello(ctx.get());
    std::atomic<long> next = 0;
    std::atomic<long> answered = 0;
    std::vector<std::thread> threads;
    for (int i = std::atoi(argv[3]); i > 0; --i) {
        threads.emplace_back([&] {
            for (long number = next++; number < count; number = next++) {
                answered += visit(port, hello, number) ? 1 : 0;
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    std::cout << "gone=" << count << " answered=" << answered << "\n";
    return 0;
}
