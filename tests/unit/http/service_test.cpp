// Service over TLS: what a TLS client sees of a response's end, and the redirect port.
#include "proxy/http/service.hpp"

#include "certs/handle.hpp"
#include "proxy/http/backend_set.hpp"
#include "proxy_fixture.hpp"

#include <gmock/gmock.h>
#include <openssl/ssl.h>

#include <array>

namespace hsmfront::http::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

using SslCtxPtr = std::unique_ptr<SSL_CTX, certs::Deleter<SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, certs::Deleter<SSL_free>>;

certs::EvpPkeyPtr make_key() { return certs::EvpPkeyPtr(EVP_EC_gen("P-256")); }

certs::X509Ptr make_certificate(EVP_PKEY* key) {
    certs::X509Ptr certificate(X509_new());
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    X509_set_pubkey(certificate.get(), key);
    X509_sign(certificate.get(), key, EVP_sha256());
    return certificate;
}

std::shared_ptr<const tls::Context> make_context() {
    tls::Identity identity;
    identity.alias = "httpd";
    certs::EvpPkeyPtr key = make_key();
    identity.chain.certificates.push_back(make_certificate(key.get()));
    identity.key = std::move(key);
    std::vector<tls::IdentityPtr> identities;
    identities.push_back(std::make_shared<const tls::Identity>(std::move(identity)));
    tls::Context::Options options;
    options.alpn = {"http/1.1"};
    options.protocol = "http";
    auto context = tls::Context::create(options, identities);
    if (!context) {
        throw std::runtime_error(context.error().message);
    }
    return *context;
}

/// A blocking TLS client.
class TlsClient {
  public:
    enum class End { close_notify, cut };

    explicit TlsClient(std::uint16_t port)
        : wire_(Wire::connect(port)), context_(SSL_CTX_new(TLS_client_method())) {
        ssl_.reset(SSL_new(context_.get()));
        SSL_set_fd(ssl_.get(), wire_.fd());
        connected_ = SSL_connect(ssl_.get()) == 1;
    }

    [[nodiscard]] bool connected() const { return connected_; }
    void send(std::string_view bytes) {
        SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
    }

    std::string rest() {
        std::string all;
        std::array<char, 4096> buffer{};
        while (true) {
            const int n = SSL_read(ssl_.get(), buffer.data(), static_cast<int>(buffer.size()));
            if (n <= 0) {
                const bool notified = SSL_get_error(ssl_.get(), n) == SSL_ERROR_ZERO_RETURN;
                end_ = notified ? End::close_notify : End::cut;
                return all;
            }
            all.append(buffer.data(), static_cast<std::size_t>(n));
        }
    }

    [[nodiscard]] End end() const { return end_; }

  private:
    Wire wire_;
    SslCtxPtr context_;
    SslPtr ssl_;
    bool connected_ = false;
    End end_ = End::cut;
};

class HttpService : public testing::Test {
  protected:
    void start(bool redirect) {
        settings->http.backends.servers = {{"127.0.0.1", origin.number()}};
        settings->http.listen = {{{"127.0.0.1", 8443}}};
        const auto snapshot = std::make_shared<const Snapshot>(Snapshot{
            settings, {make_context()}, std::make_shared<BackendBoard>(settings->http)});
        service =
            std::make_unique<Service>(worker.context(), snapshot, std::make_shared<Traffic>());
        worker.start([this, redirect](net::Accepted accepted) {
            return redirect ? service->redirect(std::move(accepted))
                            : service->serve(std::move(accepted), 0);
        });
    }

    void TearDown() override {
        worker.stop([this] { service.reset(); });
    }

    Port origin;
    std::shared_ptr<config::Settings> settings = std::make_shared<config::Settings>();
    LoopbackWorker worker;
    std::unique_ptr<Service> service;
};

TEST_F(HttpService, EndsAWholeResponseWithCloseNotify) {
    start(false);
    TlsClient client(worker.port());
    ASSERT_TRUE(client.connected());
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    Wire backend = origin.accept();
    EXPECT_THAT(backend.head(), HasSubstr("X-Forwarded-For: 127.0.0.1\r\n"));
    backend.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    EXPECT_THAT(client.rest(), EndsWith("\r\n\r\nok"));
    EXPECT_EQ(client.end(), TlsClient::End::close_notify);
}

TEST_F(HttpService, EndsATruncatedResponseWithoutCloseNotify) {
    start(false);
    TlsClient client(worker.port());
    ASSERT_TRUE(client.connected());
    client.send("GET / HTTP/1.0\r\nConnection: close\r\n\r\n");
    Wire backend = origin.accept();
    EXPECT_THAT(backend.head(), StartsWith("GET"));
    backend.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n");
    backend.finish();
    client.rest();
    EXPECT_EQ(client.end(), TlsClient::End::cut);
}

TEST_F(HttpService, RefusedRequestEndsInOrder) {
    start(false);
    TlsClient client(worker.port());
    ASSERT_TRUE(client.connected());
    client.send("GET / HTTP/1.1\r\n\r\n");
    EXPECT_THAT(client.rest(), StartsWith("HTTP/1.1 400 "));
    EXPECT_EQ(client.end(), TlsClient::End::close_notify);
}

TEST_F(HttpService, SurvivesAPlainHttpClient) {
    start(false);
    Wire client = Wire::connect(worker.port());
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_THAT(client.rest(), StartsWith("HTTP/1.1 400 "));
}

TEST_F(HttpService, RedirectsToHttps) {
    start(true);
    Wire client = Wire::connect(worker.port());
    client.send("POST /x?y HTTP/1.1\r\nHost: a.example:80\r\nContent-Length: 3\r\n\r\nabc");
    const std::string answer = client.rest();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 308 Permanent Redirect\r\n"));
    EXPECT_THAT(answer, HasSubstr("Location: https://a.example:8443/x?y\r\n"));
    EXPECT_EQ(client.end(), Wire::End::fin);
}

TEST_F(HttpService, RedirectPortIsAsStrict) {
    start(true);
    for (const std::string_view request :
         {"GET / HTTP/1.1\r\n\r\n",
          "GET / HTTP/1.0\r\n\r\n",
          "GET / HTTP/1.1\nHost: a\n\n",
          "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
          "\x16\x03\x01\x02\r\n\r\n"}) {
        Wire client = Wire::connect(worker.port());
        client.send(request);
        EXPECT_THAT(client.rest(), StartsWith("HTTP/1.1 400 ")) << request;
    }
}

}  // namespace
}  // namespace hsmfront::http::test
