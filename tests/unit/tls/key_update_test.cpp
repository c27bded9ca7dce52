// Key updates of TLS 1.3 on long transfers, ours and the peer's.
#include "proxy/net/errc.hpp"
#include "proxy/tls/stream.hpp"
#include "tls_fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace hsmfront::tls {
namespace {

using namespace test;
using namespace std::chrono_literals;

constexpr std::size_t record = 16384;
constexpr std::size_t records = 40;

std::string noise(std::size_t size) {
    std::mt19937 random(1);
    std::string bytes(size, '\0');
    std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<char>(random()); });
    return bytes;
}

/// Counts the KeyUpdate messages (RFC 8446 §4.6.3) that a client sent and received.
struct KeyUpdates {
    int sent = 0;
    int received = 0;

    static void note(
        int sent, int, int type, const void* bytes, std::size_t size, SSL*, void* argument
    ) {
        const bool update = type == SSL3_RT_HANDSHAKE && size > 0 &&
                            *static_cast<const unsigned char*>(bytes) == SSL3_MT_KEY_UPDATE;
        auto& counts = *static_cast<KeyUpdates*>(argument);
        (sent != 0 ? counts.sent : counts.received) += update ? 1 : 0;
    }
};

net::Task<void> send_all(
    net::Socket socket, std::shared_ptr<const Context> context, const std::string& bytes
) {
    StreamOptions options;
    options.records_per_key = 4;
    Stream stream(std::move(socket), std::move(context), options);
    EXPECT_FALSE(co_await stream.handshake(10s)) << stream.failure();
    EXPECT_FALSE(co_await net::write_all(stream, std::string_view(bytes))) << stream.failure();
    EXPECT_FALSE(co_await stream.shutdown_send());
    std::array<char, 16> buffer{};
    static_cast<void>(co_await net::read_some(stream, buffer));
}

struct Download {
    std::string bytes;
    KeyUpdates updates;
};

Download download(int version, const std::string& bytes) {
    const auto context = file_context();
    OneShotServer server;
    Download result;
    server.run(
        [&](net::Socket socket) { return send_all(std::move(socket), context, bytes); },
        [&] {
            Client client(version);
            SSL_set_msg_callback(client.native(), KeyUpdates::note);
            SSL_set_msg_callback_arg(client.native(), &result.updates);
            ASSERT_TRUE(client.connect(server.port()));
            result.bytes = client.read_all();
            client.shut_down();
        }
    );
    return result;
}

TEST(KeyUpdate, ComesAfterSoManyRecordsAndAsksForNone) {
    const std::string bytes = noise(records * record);
    const Download result = download(TLS1_3_VERSION, bytes);
    EXPECT_EQ(result.bytes, bytes);
    // None after the last record: nothing is sent with its keys but close_notify.
    EXPECT_EQ(result.updates.received, static_cast<int>(records / 4) - 1);
    EXPECT_EQ(result.updates.sent, 0);
}

TEST(KeyUpdate, DoesNotExistInTls12) {
    const std::string bytes = noise(records * record);
    const Download result = download(TLS1_2_VERSION, bytes);
    EXPECT_EQ(result.bytes, bytes);
    EXPECT_EQ(result.updates.received, 0);
}

net::Task<void> receive_all(
    net::Socket socket, std::shared_ptr<const Context> context, std::string& bytes
) {
    Stream stream(std::move(socket), std::move(context));
    EXPECT_FALSE(co_await stream.handshake(10s)) << stream.failure();
    std::array<char, 65536> buffer{};
    for (;;) {
        const auto got = co_await net::read_some(stream, buffer);
        if (!got) {
            EXPECT_EQ(got.error(), make_error_code(net::Errc::eof)) << stream.failure();
            break;
        }
        bytes.append(buffer.data(), *got);
    }
    EXPECT_FALSE(co_await stream.shutdown_send());
}

TEST(KeyUpdate, OfThePeerIsTolerated) {
    const std::string piece = noise(record);
    const auto context = file_context();
    OneShotServer server;
    std::string received;
    KeyUpdates updates;
    server.run(
        [&](net::Socket socket) { return receive_all(std::move(socket), context, received); },
        [&] {
            Client client(TLS1_3_VERSION);
            SSL_set_msg_callback(client.native(), KeyUpdates::note);
            SSL_set_msg_callback_arg(client.native(), &updates);
            ASSERT_TRUE(client.connect(server.port()));
            for (int i = 0; i < 6; ++i) {
                client.write(piece);
                const int type =
                    i % 2 == 0 ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED;
                EXPECT_EQ(SSL_key_update(client.native(), type), 1);
            }
            client.write(piece);
            client.shut_down();
            EXPECT_EQ(client.read_all(), "");
        }
    );
    EXPECT_EQ(received.size(), 7 * record);
    EXPECT_EQ(updates.sent, 6);
}

}  // namespace
}  // namespace hsmfront::tls
