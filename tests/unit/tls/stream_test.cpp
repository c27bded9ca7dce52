#include "proxy/tls/stream.hpp"

#include "proxy/net/deadline.hpp"
#include "proxy/net/errc.hpp"
#include "proxy/net/tcp_stream.hpp"
#include "tls_fixture.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/socket.h>

namespace hsmfront::tls {
namespace {

using namespace test;
using namespace std::chrono_literals;

net::Task<void> answer_pong(net::Socket socket, std::shared_ptr<const Context> context) {
    Stream stream(std::move(socket), std::move(context));
    const error_code ec = co_await stream.handshake(10s);
    EXPECT_FALSE(ec) << ec.message() << ": " << stream.failure();
    if (ec) {
        co_return;
    }
    std::array<char, 64> buffer{};
    const auto got = co_await net::read_some(stream, buffer);
    EXPECT_TRUE(got);
    EXPECT_EQ(std::string_view(buffer.data(), *got), "ping");
    EXPECT_FALSE(co_await net::write_all(stream, std::string_view("pong")));
    EXPECT_FALSE(co_await stream.shutdown_send());
    // The client closes after it has read ours.
    const auto end = co_await net::read_some(stream, buffer);
    EXPECT_FALSE(end);
}

struct KeyCase {
    const char* name;
    certs::KeyType type;
    int version;
};

class OffloadedHandshake : public testing::TestWithParam<KeyCase> {};

TEST_P(OffloadedHandshake, IsSignedOnAnotherThread) {
    const auto& param = GetParam();
    const auto key = std::make_shared<ThreadKey>(make_key(param.name), param.type);
    const auto context = context_with(key);
    OneShotServer server;
    std::string answer;
    server.run(
        [&](net::Socket socket) { return answer_pong(std::move(socket), context); },
        [&] {
            Client client(param.version);
            ASSERT_TRUE(client.connect(server.port()));
            client.write("ping");
            answer = client.read_all();
            client.shut_down();
        }
    );
    EXPECT_EQ(answer, "pong");
    EXPECT_EQ(key->submitted(), 1);
}

INSTANTIATE_TEST_SUITE_P(
    AllKeys,
    OffloadedHandshake,
    testing::Values(
        KeyCase{"RSA", certs::KeyType::rsa, TLS1_2_VERSION},
        KeyCase{"RSA", certs::KeyType::rsa, TLS1_3_VERSION},
        KeyCase{"P-256", certs::KeyType::ec, TLS1_2_VERSION},
        KeyCase{"P-256", certs::KeyType::ec, TLS1_3_VERSION},
        KeyCase{"P-384", certs::KeyType::ec, TLS1_3_VERSION},
        KeyCase{"ED25519", certs::KeyType::ed25519, TLS1_2_VERSION},
        KeyCase{"ED25519", certs::KeyType::ed25519, TLS1_3_VERSION}
    ),
    [](const auto& instance) {
        std::string name = instance.param.name;
        std::erase(name, '-');
        return name + (instance.param.version == TLS1_2_VERSION ? "Tls12" : "Tls13");
    }
);

TEST(Handshake, UsesPssForRsaInTls13) {
    const auto key = std::make_shared<ThreadKey>(make_key("RSA"), certs::KeyType::rsa);
    const auto context = context_with(key);
    OneShotServer server;
    server.run(
        [&](net::Socket socket) { return answer_pong(std::move(socket), context); },
        [&] {
            Client client(TLS1_3_VERSION);
            ASSERT_TRUE(client.connect(server.port()));
            client.write("ping");
            EXPECT_EQ(client.read_all(), "pong");
            client.shut_down();
        }
    );
    EXPECT_EQ(key->last_padding, certs::Padding::pss);
}

TEST(Handshake, WithoutPssInTheTokenFallsBackToTls12) {
    const auto key = std::make_shared<ThreadKey>(make_key("RSA"), certs::KeyType::rsa);
    key->can.pss = false;
    const auto context = context_with(key);
    OneShotServer server;
    server.run(
        [&](net::Socket socket) { return answer_pong(std::move(socket), context); },
        [&] {
            Client client;
            ASSERT_TRUE(client.connect(server.port()));
            EXPECT_STREQ(client.version(), "TLSv1.2");
            client.write("ping");
            EXPECT_EQ(client.read_all(), "pong");
            client.shut_down();
        }
    );
    EXPECT_EQ(key->last_padding, certs::Padding::pkcs1);
}

net::Task<void> handshake_fails(
    net::Socket socket,
    std::shared_ptr<const Context> context,
    error_code expected,
    std::string in_words,
    net::milliseconds limit
) {
    Stream stream(std::move(socket), std::move(context));
    const error_code ec = co_await stream.handshake(limit);
    EXPECT_EQ(ec, expected) << ec.message();
    EXPECT_NE(stream.failure().find(in_words), std::string::npos) << stream.failure();
}

TEST(Handshake, FailsAtOnceWhenTheQueueIsFull) {
    const auto key = std::make_shared<ThreadKey>(make_key("P-256"), certs::KeyType::ec);
    const auto context = context_with(key);
    key->refuse = true;
    EXPECT_FALSE(context->available());
    OneShotServer server;
    server.run(
        [&](net::Socket socket) {
            return handshake_fails(
                std::move(socket),
                context,
                make_error_code(net::Errc::tls_failed),
                "signature: ",
                10s
            );
        },
        [&] {
            Client client;
            EXPECT_FALSE(client.connect(server.port()));
        }
    );
}

TEST(Handshake, TimesOutWhileTheSignatureIsHeldAndEndsItsJob) {
    const auto key = std::make_shared<ThreadKey>(make_key("P-256"), certs::KeyType::ec);
    const auto context = context_with(key);
    key->hold();
    OneShotServer server;
    server.run(
        [&](net::Socket socket) {
            return handshake_fails(
                std::move(socket), context, make_error_code(net::Errc::timed_out), "", 100ms
            );
        },
        [&] {
            Client client;
            EXPECT_FALSE(client.connect(server.port()));
        }
    );
    EXPECT_EQ(key->submitted(), 1);
    key->release();  // the late answer finds a cancelled job; sanitizers watch
}

struct Departure {
    const char* name;
    void (*leave)(int fd);
};

class PendingSignature : public testing::TestWithParam<Departure> {};

TEST_P(PendingSignature, EndsWhenItsClientLeaves) {
    const auto key = std::make_shared<ThreadKey>(make_key("P-256"), certs::KeyType::ec);
    const auto context = context_with(key);
    key->hold();
    OneShotServer server;
    const auto begun = std::chrono::steady_clock::now();
    server.run(
        [&](net::Socket socket) {
            return handshake_fails(
                std::move(socket),
                context,
                make_error_code(net::Errc::eof),
                "the client left before the HSM had signed",
                20s
            );
        },
        [&] {
            Client client;
            ASSERT_TRUE(client.say_hello(server.port()));
            ASSERT_TRUE(key->wait_for(1));
            GetParam().leave(client.fd());
        }
    );
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 10s);
    key->release();
}

void send_byte(int fd) { ASSERT_EQ(::send(fd, "\x14", 1, 0), 1); }

/// FIN; our half stays open until the other side closes its own.
void half_close(int fd) {
    ::shutdown(fd, SHUT_WR);
    ::fcntl(fd, F_SETFL, 0);
    char ignored[64];
    while (::recv(fd, ignored, sizeof ignored, 0) > 0) {
    }
}

void reset(int fd) {
    const linger at_once{1, 0};  // acts when the client closes
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

INSTANTIATE_TEST_SUITE_P(
    EveryWay,
    PendingSignature,
    testing::Values(
        Departure{"Fin", half_close},
        Departure{"Reset", reset},
        Departure{
            "FinBehindUnreadBytes",
            [](int fd) {
                send_byte(fd);
                half_close(fd);
            }}
    ),
    [](const auto& instance) { return std::string(instance.param.name); }
);

TEST(Handshake, BytesThatArriveWhileItsSignatureIsPendingAreNoHangUp) {
    const auto key = std::make_shared<ThreadKey>(make_key("P-256"), certs::KeyType::ec);
    const auto context = context_with(key);
    key->hold();
    OneShotServer server;
    std::string answer;
    server.run(
        [&](net::Socket socket) { return answer_pong(std::move(socket), context); },
        [&] {
            Client client(TLS1_3_VERSION);
            ASSERT_TRUE(client.say_hello(server.port()));
            ASSERT_TRUE(key->wait_for(1));
            // A change_cipher_spec record may come any time after the first ClientHello
            // (RFC 8446 §5).
            ASSERT_EQ(::send(client.fd(), "\x14\x03\x03\x00\x01\x01", 6, 0), 6);
            char unexpected = 0;
            timeval limit{0, 200'000};
            ::setsockopt(client.fd(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
            ::fcntl(client.fd(), F_SETFL, 0);
            EXPECT_EQ(::recv(client.fd(), &unexpected, 1, MSG_PEEK), -1) << "did not wait";
            limit.tv_sec = 20;
            ::setsockopt(client.fd(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
            key->release();
            ASSERT_TRUE(client.finish());
            client.write("ping");
            answer = client.read_all();
            client.shut_down();
        }
    );
    EXPECT_EQ(answer, "pong");
}

TEST(Handshake, RefusesAlpnWithoutOverlap) {
    const auto key = std::make_shared<ThreadKey>(make_key("P-256"), certs::KeyType::ec);
    const auto context = context_with(key, config::Tls(), {"ftp"});
    OneShotServer server;
    server.run(
        [&](net::Socket socket) {
            return handshake_fails(
                std::move(socket), context, make_error_code(net::Errc::tls_failed), "", 10s
            );
        },
        [&] {
            Client client(0, "http/1.1");
            EXPECT_FALSE(client.connect(server.port()));
        }
    );
}

net::Task<void> read_end(
    net::Socket socket, std::shared_ptr<const Context> context, net::Errc expected
) {
    Stream stream(std::move(socket), std::move(context));
    EXPECT_FALSE(co_await stream.handshake(10s));
    std::array<char, 64> buffer{};
    const auto got = co_await net::read_some(stream, buffer);
    EXPECT_TRUE(got);
    const auto end = co_await net::read_some(stream, buffer);
    EXPECT_FALSE(end);
    EXPECT_EQ(end.error(), make_error_code(expected)) << end.error().message();
}

TEST(Stream, TellsCloseNotifyFromACut) {
    const auto context = file_context();
    for (const bool clean : {true, false}) {
        for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
            OneShotServer server;
            server.run(
                [&](net::Socket socket) {
                    return read_end(
                        std::move(socket), context, clean ? net::Errc::eof : net::Errc::truncated
                    );
                },
                [&] {
                    Client client(version);
                    ASSERT_TRUE(client.connect(server.port()));
                    client.write("data");
                    if (clean) {
                        client.shut_down();
                    }
                    // FIN first: closing with tickets unread would reset the connection.
                    ::shutdown(client.fd(), SHUT_WR);
                    static_cast<void>(client.read_all());
                }
            );
        }
    }
}

net::Task<void> interrupted_read(net::Socket socket, std::shared_ptr<const Context> context) {
    Stream stream(std::move(socket), std::move(context));
    EXPECT_FALSE(co_await stream.handshake(10s));
    const auto executor = co_await net::asio::this_coro::executor;
    const net::Deadline deadline(executor, {&stream}, 50ms);
    std::array<char, 64> buffer{};
    const auto got = co_await net::read_some(stream, buffer);
    EXPECT_EQ(got.error(), make_error_code(net::Errc::timed_out));
    const auto again = co_await net::read_some(stream, buffer);
    EXPECT_EQ(again.error(), make_error_code(net::Errc::timed_out)) << "interruptions stick";
    stream.resume();
    EXPECT_FALSE(co_await net::write_all(stream, std::string_view("late")));
    EXPECT_FALSE(co_await stream.shutdown_send());
}

TEST(Stream, InterruptionEndsAReadAndCanBeUndone) {
    const auto context = file_context();
    OneShotServer server;
    server.run(
        [&](net::Socket socket) { return interrupted_read(std::move(socket), context); },
        [&] {
            Client client;
            ASSERT_TRUE(client.connect(server.port()));
            EXPECT_EQ(client.read_all(), "late");
        }
    );
}

net::Task<void> unwrap_and_talk(net::Socket socket, std::shared_ptr<const Context> context) {
    StreamOptions options;
    options.read_ahead = false;
    Stream stream(std::move(socket), std::move(context), options);
    EXPECT_FALSE(co_await stream.handshake(10s));
    auto unwrapped = co_await stream.unwrap(10s);
    EXPECT_TRUE(unwrapped);
    if (!unwrapped) {
        co_return;
    }
    net::TcpStream plain(std::move(*unwrapped));
    std::array<char, 16> buffer{};
    const auto size = co_await net::read_some(plain, buffer);
    EXPECT_TRUE(size);
    EXPECT_EQ(std::string_view(buffer.data(), *size), "clear");
}

TEST(Stream, UnwrapLeavesThePlainBytesThatFollow) {
    const auto context = file_context();
    OneShotServer server;
    server.run(
        [&](net::Socket socket) { return unwrap_and_talk(std::move(socket), context); },
        [&] {
            Client client;
            ASSERT_TRUE(client.connect(server.port()));
            EXPECT_EQ(client.read_all(), "");
            client.shut_down();
            EXPECT_EQ(::write(client.fd(), "clear", 5), 5);
        }
    );
}

}  // namespace
}  // namespace hsmfront::tls
