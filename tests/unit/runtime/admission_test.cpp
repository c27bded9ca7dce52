#include "proxy/runtime/admission.hpp"

#include <gtest/gtest.h>

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
    EXPECT_EQ(admission.refused(), (Admission::Refused{0, 1, 0}));
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
    EXPECT_EQ(admission.refused(), (Admission::Refused{1, 1, 0}));
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

}  // namespace
}  // namespace hsmfront::runtime
