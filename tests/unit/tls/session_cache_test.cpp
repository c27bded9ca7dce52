// The cache of TLS 1.2 sessions: its bounds, order and what is never found.
#include "proxy/tls/session_cache.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <thread>

namespace hsmfront::tls {
namespace {

constexpr std::time_t today = 1'900'000'000;
constexpr long kept_for = 3600;

std::string id_of(int number) {
    std::string id(32, 'i');
    std::memcpy(id.data(), &number, sizeof number);
    return id;
}

/// A TLS 1.2 session as a server has it; its master secret is made of `secret`.
SessionCache::Found session(int number, unsigned char secret = 's') {
    SessionCache::Found session(SSL_SESSION_new());
    const auto id = id_of(number);
    const auto* bytes = reinterpret_cast<const unsigned char*>(id.data());
    const std::array<unsigned char, 2> cipher{0xc0, 0x2b};
    const std::unique_ptr<SSL_CTX, certs::Deleter<SSL_CTX_free>> ctx(SSL_CTX_new(TLS_server_method()
    ));
    const std::unique_ptr<SSL, certs::Deleter<SSL_free>> ssl(SSL_new(ctx.get()));
    std::array<unsigned char, 48> master{};
    master.fill(secret);
    SSL_SESSION_set1_master_key(session.get(), master.data(), master.size());
    SSL_SESSION_set_protocol_version(session.get(), TLS1_2_VERSION);
    SSL_SESSION_set_cipher(session.get(), SSL_CIPHER_find(ssl.get(), cipher.data()));
    SSL_SESSION_set1_id(session.get(), bytes, static_cast<unsigned int>(id.size()));
    SSL_SESSION_set_time(session.get(), today);
    SSL_SESSION_set_timeout(session.get(), kept_for);
    return session;
}

unsigned char secret_of(const SSL_SESSION* session) {
    std::array<unsigned char, 48> master{};
    SSL_SESSION_get_master_key(session, master.data(), master.size());
    return master.front();
}

TEST(SessionCache, FindsWhatWasAddedAsACopy) {
    SessionCache cache(1 << 20);
    const auto added = session(1, 'x');
    cache.add(added.get());
    const auto first = cache.find(id_of(1), today);
    ASSERT_TRUE(first);
    EXPECT_NE(first.get(), added.get());
    EXPECT_EQ(secret_of(first.get()), 'x');
    EXPECT_TRUE(cache.find(id_of(1), today)) << "again";
    EXPECT_FALSE(cache.find(id_of(2), today));
    EXPECT_FALSE(cache.find("", today));
}

TEST(SessionCache, ASessionWithoutIdIsNotKept) {
    SessionCache cache(1 << 20);
    const auto added = session(1);
    SSL_SESSION_set1_id(added.get(), nullptr, 0);
    cache.add(added.get());
    EXPECT_EQ(cache.size(), 0U);
}

TEST(SessionCache, ExpiredOnesAreNotFoundAndGone) {
    SessionCache cache(1 << 20);
    cache.add(session(1).get());
    EXPECT_TRUE(cache.find(id_of(1), today + kept_for - 1));
    EXPECT_FALSE(cache.find(id_of(1), today + kept_for));
    EXPECT_EQ(cache.size(), 0U);
    EXPECT_EQ(cache.bytes(), 0U);
}

TEST(SessionCache, StaysInItsBoundsAndDropsTheLeastRecentlyUsed) {
    SessionCache cache(8192);
    cache.add(session(0).get());
    const std::size_t each = cache.bytes();
    const int fit = static_cast<int>(8192 / each);
    ASSERT_GT(fit, 5);
    for (int i = 1; i < 100; ++i) {
        ASSERT_TRUE(cache.find(id_of(0), today)) << i;
        cache.add(session(i).get());
        EXPECT_LE(cache.bytes(), 8192U);
    }
    EXPECT_EQ(cache.size(), static_cast<std::size_t>(fit));
    EXPECT_TRUE(cache.find(id_of(99), today));
    EXPECT_TRUE(cache.find(id_of(100 - fit + 1), today));
    EXPECT_FALSE(cache.find(id_of(100 - fit), today));
}

TEST(SessionCache, TheNewestOfOneIdIsFound) {
    SessionCache cache(1 << 20);
    cache.add(session(1, 'a').get());
    const auto bytes = cache.bytes();
    cache.add(session(1, 'b').get());
    EXPECT_EQ(cache.size(), 1U);
    EXPECT_EQ(cache.bytes(), bytes);
    EXPECT_EQ(secret_of(cache.find(id_of(1), today).get()), 'b');
}

TEST(SessionCache, RemovesAndResizes) {
    SessionCache cache(1 << 20);
    for (int i = 0; i < 10; ++i) {
        cache.add(session(i).get());
    }
    const auto each = cache.bytes() / 10;
    cache.remove(id_of(9));
    cache.remove(id_of(99));
    EXPECT_EQ(cache.size(), 9U);
    cache.resize(2 * each);
    EXPECT_EQ(cache.size(), 2U);
    EXPECT_TRUE(cache.find(id_of(8), today));
    cache.resize(each - 1);
    EXPECT_EQ(cache.size(), 0U);
    cache.add(session(1).get());
    EXPECT_EQ(cache.size(), 0U) << "larger than the cache";
}

TEST(SessionCache, ManyThreadsUseIt) {
    SessionCache cache(8192);
    std::vector<std::thread> workers;
    for (int worker = 0; worker < 3; ++worker) {
        workers.emplace_back([&cache, worker] {
            for (int i = 0; i < 100; ++i) {
                const int number = (i * (worker + 1)) % 30;
                cache.add(session(number).get());
                const auto found = cache.find(id_of(number + 1), today);
                EXPECT_TRUE(!found || secret_of(found.get()) == 's');
                cache.remove(id_of(number + 2));
            }
        });
    }
    for (auto& worker : workers) {
        worker.join();
    }
    EXPECT_LE(cache.bytes(), 8192U);
}

}  // namespace
}  // namespace hsmfront::tls
