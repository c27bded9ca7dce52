// Random ticket keys over simulated time, and threads that use the ring while it turns.
#include "proxy/tls/ticket_keys.hpp"

#include "proxy/tls/ticket_cipher.hpp"
#include "tests/support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <set>
#include <thread>

namespace hsmfront::tls {
namespace {

using namespace std::chrono_literals;
using Time = TicketKeys::Time;

constexpr Time noon{std::chrono::hours(480'000)};

std::string name_of(const TicketKey& key) {
    const auto name = key.name();
    return {name.begin(), name.end()};
}

std::string encrypting(const TicketKeys& keys) { return name_of(keys.ring()->encrypting()); }

bool decrypts(const TicketKeys& keys, const std::string& name) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(name.data());
    return keys.ring()->find(TicketKey::Name(bytes, TicketKey::name_size)) != nullptr;
}

TEST(RandomTicketKeys, AreRandom) {
    EXPECT_NE(encrypting(TicketKeys(4h, noon)), encrypting(TicketKeys(4h, noon)));
}

/// Each ticket is issued by the key in use, comes back at a random moment, and is looked for at its
/// last and some time after. Calls come irregularly, some very late.
TEST(RandomTicketKeys, EachTicketLivesItsLifetimeAndNoKeyMuchLonger) {
    constexpr auto lifetime = 60min;
    std::mt19937 random(1);
    std::uniform_int_distribution<int> seconds(1, 300);
    TicketKeys keys(lifetime, noon);
    std::multimap<Time, std::string> issued;
    std::map<std::string, Time> last_use;
    std::size_t most = 0;
    for (Time now = noon; now < noon + 48h; now += std::chrono::seconds(seconds(random))) {
        keys.refresh(now);
        issued.emplace(now, encrypting(keys));
        last_use[encrypting(keys)] = now;
        for (auto one = issued.lower_bound(now - lifetime); one != issued.end(); ++one) {
            ASSERT_TRUE(decrypts(keys, one->second)) << (now - one->first).count();
        }
        for (const auto& [name, used] : last_use) {
            ASSERT_TRUE(now < used + lifetime + 600s || !decrypts(keys, name));
        }
        most = std::max(most, keys.ring()->keys().size());
    }
    EXPECT_GE(last_use.size(), 48 * 2 - 12U) << "a key for half a lifetime";
    EXPECT_LE(most, 4U);
}

TEST(RandomTicketKeys, AShorterLifetimeTakesNothingFromOlderTickets) {
    TicketKeys keys(4h, noon);
    const auto first = encrypting(keys);
    keys.use(*TicketKeys::open({}, 1min), noon + 10s);
    EXPECT_NE(encrypting(keys), first);
    for (auto passed = 20s; passed < 4h; passed += 20s) {
        keys.refresh(noon + passed);
    }
    EXPECT_TRUE(decrypts(keys, first));
    keys.refresh(noon + 4h + 20s);
    EXPECT_FALSE(decrypts(keys, first));
}

TEST(RandomTicketKeys, AReloadThatChangesNothingKeepsThem) {
    TicketKeys keys(4h, noon);
    const auto ring = keys.ring();
    keys.use(*TicketKeys::open({}, 4h), noon + 1h);
    EXPECT_EQ(encrypting(keys), name_of(ring->encrypting()));
    keys.refresh(noon + 2h);
    EXPECT_NE(encrypting(keys), name_of(ring->encrypting()));
}

TEST(RandomTicketKeys, AClockThatIsSetBackHoldsNothingUp) {
    TicketKeys keys(60min, noon);
    keys.refresh(noon + 30min);
    const auto first = encrypting(keys);
    const Time past = noon - std::chrono::hours(24 * 365);
    keys.refresh(past);
    EXPECT_EQ(encrypting(keys), first);
    keys.refresh(past + 30min);
    EXPECT_NE(encrypting(keys), first);
    EXPECT_TRUE(decrypts(keys, first));
    keys.refresh(past + 91min);
    EXPECT_FALSE(decrypts(keys, first));
}

TEST(RandomTicketKeys, DecryptForALifetimeBesideFiles) {
    const hsmfront::test::TempDir dir;
    const auto file = dir.write("key", std::string(80, 'k'));
    TicketKeys keys(1h, noon);
    const auto random = encrypting(keys);
    keys.use(*TicketKeys::open({file}, 1h), noon + 10min);
    EXPECT_EQ(encrypting(keys), std::string(16, 'k'));
    keys.refresh(noon + 70min);
    EXPECT_TRUE(decrypts(keys, random));
    keys.refresh(noon + 71min);
    EXPECT_FALSE(decrypts(keys, random));

    keys.use(*TicketKeys::open({}, 1h), noon + 80min);
    EXPECT_FALSE(decrypts(keys, std::string(16, 'k'))) << "the operator took it away";
    EXPECT_EQ(keys.ring()->keys().size(), 1U);
}

/// A process that takes the place of another.
TEST(RandomTicketKeys, AreHandedOverToDecrypt) {
    TicketKeys before(1h, noon);
    const auto first = encrypting(before);
    before.refresh(noon + 40min);
    const auto second = encrypting(before);
    ASSERT_NE(first, second);

    TicketKeys after(1h, noon + 50min);
    after.adopt(before.random_keys(noon + 50min));
    EXPECT_TRUE(decrypts(after, first));
    EXPECT_TRUE(decrypts(after, second));
    EXPECT_NE(encrypting(after), second);
    after.use(*TicketKeys::open({}, 1h), noon + 50min);
    EXPECT_TRUE(decrypts(after, second)) << "the start does not forget them";
    after.refresh(noon + 101min);
    EXPECT_FALSE(decrypts(after, first));
    EXPECT_TRUE(decrypts(after, second));
    after.refresh(noon + 111min);
    EXPECT_FALSE(decrypts(after, second));
}

/// What TLS 1.2 and 1.3 do with one ticket.
bool passes(const TicketCipher& cipher, const TicketKeys& keys) {
    const std::unique_ptr<EVP_MAC, certs::Deleter<EVP_MAC_free>> hmac(
        EVP_MAC_fetch(nullptr, "HMAC", nullptr)
    );
    using CipherCtx = std::unique_ptr<EVP_CIPHER_CTX, certs::Deleter<EVP_CIPHER_CTX_free>>;
    using MacCtx = std::unique_ptr<EVP_MAC_CTX, certs::Deleter<EVP_MAC_CTX_free>>;
    const CipherCtx writing(EVP_CIPHER_CTX_new());
    const CipherCtx reading(EVP_CIPHER_CTX_new());
    const MacCtx signing(EVP_MAC_CTX_new(hmac.get()));
    const MacCtx checking(EVP_MAC_CTX_new(hmac.get()));
    std::array<unsigned char, TicketKey::name_size> name{};
    std::array<unsigned char, 16> iv{};
    std::array<unsigned char, 64> sealed{};
    std::array<unsigned char, 64> opened{};
    int size = 0;
    const auto old = keys.ring();
    if (!cipher.begin_encryption(
            old->encrypting(), name.data(), iv.data(), writing.get(), signing.get()
        ) ||
        EVP_EncryptUpdate(writing.get(), sealed.data(), &size, opened.data(), 32) != 1) {
        return false;
    }
    std::this_thread::yield();
    auto ring = keys.ring();
    const auto* key = ring->find(name);
    key = key == nullptr ? old->find(name) : key;
    const std::array<unsigned char, 64> zeros{};
    return key != nullptr &&
           cipher.begin_decryption(*key, iv.data(), reading.get(), checking.get()) &&
           EVP_DecryptUpdate(reading.get(), opened.data(), &size, sealed.data(), 32) == 1 &&
           size >= 16 && std::equal(opened.begin(), opened.begin() + 16, zeros.begin());
}

TEST(TicketKeys, ManyThreadsUseTheRingWhileItTurns) {
    const TicketCipher cipher;
    TicketKeys keys(1h, noon);
    std::atomic<bool> done = false;
    std::atomic<int> failed = 0;
    std::atomic<int> passed = 0;
    std::vector<std::thread> workers;
    for (int i = 0; i < 3; ++i) {
        workers.emplace_back([&] {
            while (!done) {
                ++(passes(cipher, keys) ? passed : failed);
            }
        });
    }
    std::set<std::string> seen;
    for (Time now = noon; passed < 200 || seen.size() < 200; now += 31min) {
        keys.refresh(now);
        seen.insert(encrypting(keys));
    }
    done = true;
    for (auto& worker : workers) {
        worker.join();
    }
    EXPECT_EQ(failed, 0);
}

}  // namespace
}  // namespace hsmfront::tls
