// Staples in handshakes: which response goes out, to whom, and when the handshake is refused.
#include "proxy/tls/staple.hpp"

#include <gmock/gmock.h>

#include <ctime>

namespace hsmfront::tls {
namespace {

StapleSlot::Response response_until(std::time_t end) {
    certs::OcspResponse response;
    response.der = {1, 2, 3};
    response.next_update = end;
    return std::make_shared<const certs::OcspResponse>(response);
}

TEST(StapleSlot, GivesNothingBeyondNextUpdate) {
    StapleSlot slot("web", false);
    EXPECT_EQ(slot.valid(100), nullptr);
    const auto response = response_until(200);
    slot.put(response);
    EXPECT_EQ(slot.valid(199), response);
    EXPECT_EQ(slot.valid(200), nullptr);
    EXPECT_EQ(slot.status(199).next_update, 200);
    EXPECT_EQ(slot.status(200).next_update, 0);
    slot.put(nullptr);
    EXPECT_EQ(slot.valid(199), nullptr);
}

TEST(StapleSlot, TellsItsProblem) {
    StapleSlot slot("web", true);
    EXPECT_TRUE(slot.required());
    slot.note("no connection");
    EXPECT_EQ(slot.status(0).problem, "no connection");
    slot.note({});
    EXPECT_EQ(slot.status(0).problem, "");
}

}  // namespace
}  // namespace hsmfront::tls
