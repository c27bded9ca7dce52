#include "proxy/runtime/admission.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace hsmfront::runtime {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::make_address;

config::Limits limits(std::size_t all, std::size_t each, config::Rate rate = {0, 1s}) {
    return {all, each, rate};
}

TEST(Admission, CountsConnectionsOfOneAddress) {
    Admission admission(limits(10, 2));
    auto first = admission.admit(make_address("192.0.2.1"));
    auto second = admission.admit(make_address("192.0.2.1"));
    EXPECT_TRUE(first && second);
    EXPECT_FALSE(admission.admit(make_address("192.0.2.1")));
    EXPECT_TRUE(admission.admit(make_address("192.0.2.2")));
    first.reset();
    EXPECT_TRUE(admission.admit(make_address("192.0.2.1")));
    EXPECT_EQ(admission.refused(), (Admission::Refused{0, 1, 0, 0}));
}

TEST(Admission, CountsAMappedAddressAsTheIPv4One) {
    Admission admission(limits(10, 1));
    const auto first = admission.admit(make_address("192.0.2.1"));
    EXPECT_FALSE(admission.admit(make_address("::ffff:192.0.2.1")));
}

TEST(Admission, CountsAllConnections) {
    Admission admission(limits(2, 2));
    std::vector<Admission::Slot> slots;
    slots.push_back(std::move(*admission.admit(make_address("192.0.2.1"))));
    slots.push_back(std::move(*admission.admit(make_address("192.0.2.2"))));
    EXPECT_FALSE(admission.admit(make_address("192.0.2.3")));
    slots.clear();
    EXPECT_EQ(admission.connections(), 0U);
    EXPECT_TRUE(admission.admit(make_address("192.0.2.3")));
}

TEST(Admission, CountsAConnectionForAClientKnownLater) {
    Admission admission(limits(2, 1));
    auto first = admission.admit();
    auto second = admission.admit();
    ASSERT_TRUE(first && second);
    EXPECT_FALSE(admission.admit()) << "a place is taken before the client is known";
    EXPECT_TRUE(first->assign(make_address("192.0.2.1")));
    EXPECT_FALSE(second->assign(make_address("::ffff:192.0.2.1")));
    EXPECT_EQ(admission.refused(), (Admission::Refused{1, 1, 0, 0}));
    first.reset();
    EXPECT_TRUE(second->assign(make_address("192.0.2.1")));
    second.reset();
    EXPECT_EQ(admission.connections(), 0U);
}

TEST(Admission, LimitsTheRateOfOneAddress) {
    Admission admission(limits(1000, 1000, {3, 1s}));
    const auto start = Admission::Clock::now();
    for (int i = 0; i < 3; ++i) {
        EXPECT_TRUE(admission.admit(make_address("192.0.2.1"), start));
    }
    EXPECT_FALSE(admission.admit(make_address("192.0.2.1"), start));
    EXPECT_TRUE(admission.admit(make_address("192.0.2.2"), start));
    EXPECT_FALSE(admission.admit(make_address("192.0.2.1"), start + 300ms));
    EXPECT_TRUE(admission.admit(make_address("192.0.2.1"), start + 400ms));
}

TEST(Admission, LowerLimitsTakeNothingAway) {
    Admission admission(limits(3, 3));
    std::vector<Admission::Slot> slots;
    for (int i = 0; i < 3; ++i) {
        slots.push_back(std::move(*admission.admit(make_address("192.0.2.1"))));
    }
    admission.use(limits(2, 1));
    EXPECT_EQ(admission.connections(), 3U);
    slots.pop_back();
    EXPECT_FALSE(admission.admit(make_address("192.0.2.2"))) << "two of two are left";
    slots.pop_back();
    EXPECT_FALSE(admission.admit(make_address("192.0.2.1"))) << "one of one of this address";
    const auto other = admission.admit(make_address("192.0.2.2"));
    EXPECT_TRUE(other);
    EXPECT_EQ(admission.refused(), (Admission::Refused{1, 1, 0, 0}));
    admission.use(limits(3, 2));
    EXPECT_TRUE(admission.admit(make_address("192.0.2.1")));
}

TEST(Admission, AnotherRateBeginsAnewForEveryone) {
    const auto start = Admission::Clock::now();
    const auto client = make_address("192.0.2.1");
    Admission admission(limits(1000, 1000));
    const auto stays = admission.admit(client, start);
    admission.use(limits(1000, 1000, {2, 1h}), start);
    EXPECT_TRUE(admission.admit(client, start));
    EXPECT_TRUE(admission.admit(client, start));
    EXPECT_FALSE(admission.admit(client, start));
    admission.use(limits(900, 1000, {2, 1h}), start);
    EXPECT_FALSE(admission.admit(client, start)) << "the rate is the same";
    admission.use(limits(900, 1000), start);
    EXPECT_TRUE(admission.admit(client, start));
}

TEST(Admission, RefusesWhileMemoryIsUsedUp) {
    config::Limits limits;
    limits.memory = 1000;
    Admission admission(limits);
    EXPECT_FALSE(admission.note_memory(1000));
    const auto first = admission.admit(make_address("192.0.2.1"));
    EXPECT_TRUE(first);
    EXPECT_TRUE(admission.note_memory(1001));
    EXPECT_FALSE(admission.admit(make_address("192.0.2.1")));
    EXPECT_FALSE(admission.admit());
    EXPECT_EQ(admission.refused(), (Admission::Refused{0, 0, 0, 2}));
    EXPECT_EQ(admission.connections(), 1U);
    EXPECT_FALSE(admission.note_memory(999));
    EXPECT_TRUE(admission.admit());
    EXPECT_TRUE(admission.note_memory(2000));
    admission.use({});
    EXPECT_TRUE(admission.admit()) << "there is no limit any more";
}

TEST(Admission, LimitsChangeWhileOthersAsk) {
    Admission admission(limits(8, 8));
    std::atomic<bool> done = false;
    std::vector<std::thread> workers;
    for (int i = 0; i < 3; ++i) {
        workers.emplace_back([&admission, &done, i] {
            const auto client = make_address("192.0.2." + std::to_string(i));
            while (!done) {
                const auto known = admission.admit(client);
                auto unknown = admission.admit();
                if (unknown) {
                    static_cast<void>(unknown->assign(client));
                }
            }
        });
    }
    for (std::size_t i = 0; i < 2000; ++i) {
        admission.use(limits(1 + i % 8, 1 + i % 3, {i % 2 * 1000, 1s}));
    }
    done = true;
    for (auto& worker : workers) {
        worker.join();
    }
    EXPECT_EQ(admission.connections(), 0U);
    admission.use(limits(1, 1));
    EXPECT_TRUE(admission.admit(make_address("192.0.2.9")));
}

}  // namespace
}  // namespace hsmfront::runtime
