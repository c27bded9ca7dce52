#include "tls_fixture.hpp"

#include "certs/errc.hpp"

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>

#include <exception>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace hsmfront::tls::test {

certs::EvpPkeyPtr make_key(const std::string& type) {
    if (type == "RSA") {
        return certs::EvpPkeyPtr{EVP_RSA_gen(2048)};
    }
    if (type == "ED25519") {
        return certs::EvpPkeyPtr{EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")};
    }
    return certs::EvpPkeyPtr{EVP_EC_gen(type.c_str())};
}

certs::Chain self_signed(EVP_PKEY* key) {
    certs::X509Ptr certificate{X509_new()};
    X509_set_version(certificate.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    X509_set_pubkey(certificate.get(), key);
    X509_NAME* name = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(
        name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1, -1, 0
    );
    X509_set_issuer_name(certificate.get(), name);
    const bool digest = EVP_PKEY_is_a(key, "ED25519") == 0;
    EXPECT_GT(X509_sign(certificate.get(), key, digest ? EVP_sha256() : nullptr), 0);
    certs::Chain chain;
    chain.certificates.push_back(std::move(certificate));
    return chain;
}

ThreadKey::ThreadKey(certs::EvpPkeyPtr key, certs::KeyType type)
    : key_(std::move(key)), type_(type), thread_([this] { sign_all(); }) {}

ThreadKey::~ThreadKey() {
    {
        const std::scoped_lock lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

Result<void> ThreadKey::submit(std::shared_ptr<certs::SignJob> job) {
    if (refuse) {
        return refusal;
    }
    const std::scoped_lock lock(mutex_);
    ++submitted_;
    last_padding = job->request.padding;
    queue_.push_back(std::move(job));
    changed_.notify_all();
    return {};
}

void ThreadKey::hold() {
    const std::scoped_lock lock(mutex_);
    held_ = true;
}

void ThreadKey::release() {
    const std::scoped_lock lock(mutex_);
    held_ = false;
    changed_.notify_all();
}

int ThreadKey::submitted() const {
    const std::scoped_lock lock(mutex_);
    return submitted_;
}

bool ThreadKey::wait_for(int wanted) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return submitted_ >= wanted; });
}

void ThreadKey::sign_all() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return stopping_ || (!held_ && !queue_.empty()); });
        if (stopping_) {
            return;
        }
        auto job = std::move(queue_.front());
        queue_.pop_front();
        lock.unlock();
        job->finish(sign(job->request));
        job.reset();
        lock.lock();
    }
}

Result<certs::Signature> ThreadKey::sign(const certs::SignRequest& request) const {
    if (answer) {
        return answer;
    }
    certs::Signature signature(static_cast<std::size_t>(EVP_PKEY_get_size(key_.get())));
    std::size_t size = signature.size();
    if (request.digest == certs::Digest::none) {
        EVP_MD_CTX* context = EVP_MD_CTX_new();
        EVP_DigestSignInit(context, nullptr, nullptr, nullptr, key_.get());
        EVP_DigestSign(
            context, signature.data(), &size, request.input.data(), request.input.size()
        );
        EVP_MD_CTX_free(context);
        signature.resize(size);
        return signature;
    }
    const EVP_MD* md = request.digest == certs::Digest::sha256   ? EVP_sha256()
                       : request.digest == certs::Digest::sha384 ? EVP_sha384()
                       : request.digest == certs::Digest::sha1   ? EVP_sha1()
                                                                 : EVP_sha512();
    const certs::EvpPkeyCtxPtr context{EVP_PKEY_CTX_new(key_.get(), nullptr)};
    EVP_PKEY_sign_init(context.get());
    EVP_PKEY_CTX_set_signature_md(context.get(), md);
    if (request.padding == certs::Padding::pss) {
        EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_rsa_pss_saltlen(context.get(), RSA_PSS_SALTLEN_DIGEST);
    }
    const int rc = EVP_PKEY_sign(
        context.get(), signature.data(), &size, request.input.data(), request.input.size()
    );
    if (rc != 1) {
        return make_error_code(certs::Errc::signature_failed);
    }
    signature.resize(size);
    return signature;
}

std::shared_ptr<const Context> context_with(
    std::shared_ptr<ThreadKey> key, config::Tls policy, std::vector<std::string> alpn
) {
    std::vector<IdentityPtr> identities;
    auto chain = self_signed(key->public_key());
    identities.push_back(std::make_shared<const Identity>(Identity{
        "test", std::move(chain), std::shared_ptr<certs::RemoteKey>(key)}));
    Context::Options options;
    options.tls = std::move(policy);
    options.alpn = std::move(alpn);
    options.protocol = "test";
    auto context = Context::create(options, identities);
    EXPECT_TRUE(context) << context.error().message;
    return context ? *context : nullptr;
}

std::shared_ptr<const Context> file_context() {
    auto key = make_key("P-256");
    auto chain = self_signed(key.get());
    std::vector<IdentityPtr> identities;
    identities.push_back(std::make_shared<const Identity>(Identity{
        "test", std::move(chain), std::move(key)}));
    Context::Options options;
    options.protocol = "test";
    auto context = Context::create(options, identities);
    EXPECT_TRUE(context);
    return *context;
}

std::shared_ptr<const Context> ftp_context(std::vector<NamedContext> hosts) {
    auto key = make_key("P-256");
    auto chain = self_signed(key.get());
    std::vector<IdentityPtr> identities;
    identities.push_back(std::make_shared<const Identity>(Identity{
        "test", std::move(chain), std::move(key)}));
    Context::Options options;
    options.protocol = "test";
    options.alpn = {"ftp"};
    options.data_alpn = {"ftp-data", "ftp"};
    options.session_ids = true;
    options.resumption = hosts.empty() ? nullptr : hosts.front().context->resumption();
    options.hosts = std::move(hosts);
    auto context = Context::create(options, identities);
    EXPECT_TRUE(context);
    return *context;
}

Client::Client(int version, const char* alpn) : ctx_(SSL_CTX_new(TLS_client_method())) {
    if (version != 0) {
        SSL_CTX_set_min_proto_version(ctx_.get(), version);
        SSL_CTX_set_max_proto_version(ctx_.get(), version);
    }
    SSL_CTX_set_session_cache_mode(
        ctx_.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE
    );
    SSL_CTX_sess_set_new_cb(ctx_.get(), keep_ticket);
    ssl_.reset(SSL_new(ctx_.get()));
    SSL_set_app_data(ssl_.get(), this);
    if (alpn != nullptr) {
        const std::string wire = static_cast<char>(std::string(alpn).size()) + std::string(alpn);
        SSL_set_alpn_protos(
            ssl_.get(),
            reinterpret_cast<const unsigned char*>(wire.data()),
            static_cast<unsigned int>(wire.size())
        );
    }
}

Client::~Client() { cut(); }

int Client::keep_ticket(SSL* ssl, SSL_SESSION* session) {
    static_cast<Client*>(SSL_get_app_data(ssl))->tickets_.emplace_back(session);
    return 1;
}

bool Client::connect_tcp(std::uint16_t port) {
    fd_ = ::socket(AF_INET, SOCK_STREAM, 0);
    timeval limit{20, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

void Client::ask_for(const std::string& name) {
    if (!name.empty()) {
        SSL_set_tlsext_host_name(ssl_.get(), name.c_str());
    }
}

std::string Client::peer_key_type() const {
    X509* certificate = SSL_get0_peer_certificate(ssl_.get());
    return certificate == nullptr ? "" : EVP_PKEY_get0_type_name(X509_get0_pubkey(certificate));
}

bool Client::connect(std::uint16_t port, SSL_SESSION* session) {
    if (!connect_tcp(port)) {
        return false;
    }
    SSL_set_fd(ssl_.get(), fd_);
    if (session != nullptr) {
        SSL_set_session(ssl_.get(), session);
    }
    return SSL_connect(ssl_.get()) == 1;
}

bool Client::say_hello(std::uint16_t port) {
    if (!connect_tcp(port)) {
        return false;
    }
    // Reads nothing: else it would go on if the answer is there before it looks.
    SSL_set0_rbio(ssl_.get(), BIO_new(BIO_s_mem()));
    SSL_set0_wbio(ssl_.get(), BIO_new_socket(fd_, BIO_NOCLOSE));
    return SSL_get_error(ssl_.get(), SSL_connect(ssl_.get())) == SSL_ERROR_WANT_READ;
}

bool Client::finish() {
    SSL_set_fd(ssl_.get(), fd_);
    return SSL_connect(ssl_.get()) == 1;
}

std::string Client::read_all() {
    std::string all;
    char piece[4096];
    std::size_t bytes = 0;
    while (SSL_read_ex(ssl_.get(), piece, sizeof piece, &bytes) == 1) {
        all.append(piece, bytes);
    }
    return all;
}

void Client::write(const std::string& text) {
    std::size_t bytes = 0;
    EXPECT_EQ(SSL_write_ex(ssl_.get(), text.data(), text.size(), &bytes), 1);
}

void Client::shut_down() { SSL_shutdown(ssl_.get()); }

void Client::cut() {
    if (fd_ >= 0) {
        ::close(fd_);
        fd_ = -1;
    }
}

OneShotServer::OneShotServer() {
    acceptor_.open(net::tcp::v4());
    acceptor_.bind({net::asio::ip::address_v4::loopback(), 0});
    acceptor_.listen();
}

std::uint16_t OneShotServer::port() const { return acceptor_.local_endpoint().port(); }

net::Task<void> OneShotServer::accept_and(Serve serve) {
    auto [ec, socket] = co_await acceptor_.async_accept(net::as_tuple);
    EXPECT_FALSE(ec);
    co_await serve(std::move(socket));
}

void OneShotServer::run(Serve serve, const std::function<void()>& client) {
    std::thread other(client);
    net::spawn(
        loop.get_executor(),
        accept_and(std::move(serve)),
        [](const std::exception_ptr& error) { EXPECT_FALSE(error); }
    );
    loop.restart();
    loop.run();
    other.join();
}

}  // namespace hsmfront::tls::test
