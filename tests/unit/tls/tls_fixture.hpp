// What the TLS tests share: keys and certificates made on the spot, a blocking OpenSSL client on
// a thread, and a key whose signatures come from another thread.
#pragma once

#include "certs/errc.hpp"
#include "certs/remote_key.hpp"
#include "proxy/net/task_group.hpp"
#include "proxy/tls/context.hpp"
#include "proxy/tls/stream.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <thread>

namespace hsmfront::tls::test {

[[nodiscard]] certs::EvpPkeyPtr make_key(const std::string& type);  // "RSA", "P-256", "ED25519"…
[[nodiscard]] certs::Chain self_signed(EVP_PKEY* key);

/// A RemoteKey that signs with an ordinary key on a thread of its own, as a signer pool does.
class ThreadKey final : public certs::RemoteKey {
  public:
    ThreadKey(certs::EvpPkeyPtr key, certs::KeyType type);
    ~ThreadKey() override;

    [[nodiscard]] const std::string& alias() const override { return alias_; }
    [[nodiscard]] certs::KeyType type() const override { return type_; }
    [[nodiscard]] EVP_PKEY* public_key() const override { return key_.get(); }
    [[nodiscard]] certs::SignCapabilities capabilities() const override { return can; }
    [[nodiscard]] std::chrono::milliseconds sign_timeout() const override {
        return std::chrono::seconds(10);
    }
    [[nodiscard]] Result<void> submit(std::shared_ptr<certs::SignJob> job) override;
    [[nodiscard]] bool available() const override { return !refuse; }

    /// Signatures wait while held.
    void hold();
    void release();
    [[nodiscard]] int submitted() const;
    /// Waits, at most 10 s, until so many signatures have been asked for.
    [[nodiscard]] bool wait_for(int wanted);

    certs::SignCapabilities can;
    bool refuse = false;
    error_code refusal = make_error_code(certs::Errc::queue_full);  ///< of submit(), if `refuse`
    error_code answer;  ///< what each signature ends with; empty: it is made
    certs::Padding last_padding = certs::Padding::none;

  private:
    void sign_all();
    [[nodiscard]] Result<certs::Signature> sign(const certs::SignRequest& request) const;

    std::string alias_ = "test";
    certs::EvpPkeyPtr key_;
    certs::KeyType type_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::shared_ptr<certs::SignJob>> queue_;
    bool held_ = false;
    bool stopping_ = false;
    int submitted_ = 0;
    std::thread thread_;
};

/// A context with one self-signed certificate whose key is `key`.
[[nodiscard]] std::shared_ptr<const Context> context_with(
    std::shared_ptr<ThreadKey> key,
    config::Tls policy = config::Tls(),
    std::vector<std::string> alpn = {}
);
[[nodiscard]] std::shared_ptr<const Context> file_context();
/// As the proxy makes it for FTPS: session ids, ALPN "ftp", on data connections "ftp-data" too.
[[nodiscard]] std::shared_ptr<const Context> ftp_context(std::vector<NamedContext> hosts = {});

using SslCtxPtr = std::unique_ptr<SSL_CTX, certs::Deleter<SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, certs::Deleter<SSL_free>>;
using SessionPtr = std::unique_ptr<SSL_SESSION, certs::Deleter<SSL_SESSION_free>>;

/// A blocking OpenSSL client.
class Client {
  public:
    explicit Client(int version = 0, const char* alpn = nullptr);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    /// Sends `name` as SNI in the handshake to come; an empty one is not sent.
    void ask_for(const std::string& name);
    /// "RSA", "EC", "ED25519": of the server's certificate.
    [[nodiscard]] std::string peer_key_type() const;

    /// Connects and does the handshake; resumes `session` if given.
    [[nodiscard]] bool connect(std::uint16_t port, SSL_SESSION* session = nullptr);
    [[nodiscard]] bool connect_tcp(std::uint16_t port);
    /// Connects and sends its ClientHello; finish() does the rest of the handshake.
    [[nodiscard]] bool say_hello(std::uint16_t port);
    [[nodiscard]] bool finish();
    [[nodiscard]] std::string read_all();
    void write(const std::string& text);
    void shut_down();
    void cut();  ///< closes TCP without close_notify
    [[nodiscard]] bool resumed() const { return SSL_session_reused(ssl_.get()) == 1; }
    [[nodiscard]] const char* version() const { return SSL_get_version(ssl_.get()); }
    /// Tickets received so far, oldest first.
    [[nodiscard]] std::deque<SessionPtr>& tickets() { return tickets_; }
    /// The session as it stands: in TLS 1.2 a renewed ticket changes it without a callback.
    [[nodiscard]] SessionPtr session() const { return SessionPtr{SSL_get1_session(ssl_.get())}; }
    [[nodiscard]] int fd() const { return fd_; }
    [[nodiscard]] SSL* native() { return ssl_.get(); }

  private:
    static int keep_ticket(SSL* ssl, SSL_SESSION* session);

    SslCtxPtr ctx_;
    SslPtr ssl_;
    std::deque<SessionPtr> tickets_;
    int fd_ = -1;
};

/// A worker-like loop on this thread, with a listener; `serve` runs for one connection.
class OneShotServer {
  public:
    OneShotServer();
    [[nodiscard]] std::uint16_t port() const;
    [[nodiscard]] net::Executor executor() { return loop.get_executor(); }

    /// Accepts one connection, runs `serve` on it, with `client` on another thread meanwhile.
    using Serve = std::function<net::Task<void>(net::Socket)>;
    void run(Serve serve, const std::function<void()>& client);

    net::asio::io_context loop{1};

  private:
    [[nodiscard]] net::Task<void> accept_and(Serve serve);
    net::Acceptor acceptor_{loop.get_executor()};
};

}  // namespace hsmfront::tls::test
