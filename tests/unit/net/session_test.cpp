// SessionRegistry: which sessions it lists, and in what order.
#include "proxy/net/session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hsmfront::net {
namespace {

class Session final : public Interruptible, public Described {
  public:
    Session(SessionRegistry& registry, std::uint64_t id, bool active)
        : id_(id), active_(active), entry_(registry, *this) {
        entry_.describe(this);
    }
    void interrupt(error_code) noexcept override { ++interrupted; }
    [[nodiscard]] bool active() const noexcept override { return active_; }
    [[nodiscard]] SessionFacts facts() const override {
        SessionFacts facts;
        facts.id = id_;
        return facts;
    }
    void hide() { entry_.describe(nullptr); }

    int interrupted = 0;

  private:
    std::uint64_t id_;
    bool active_;
    SessionRegistry::Entry entry_;
};

std::vector<std::uint64_t> ids(const SessionList& list) {
    std::vector<std::uint64_t> all;
    for (const auto& one : list.shown) {
        all.push_back(one.id);
    }
    return all;
}

TEST(SessionRegistry, ListsTheActiveFirstThenTheNewest) {
    SessionRegistry registry;
    Session one(registry, 1, false);
    Session two(registry, 2, true);
    Session three(registry, 3, false);
    Session four(registry, 4, true);
    EXPECT_THAT(ids(registry.list(10)), testing::ElementsAre(4, 2, 3, 1));
    EXPECT_THAT(ids(registry.list(3)), testing::ElementsAre(4, 2, 3));
    EXPECT_THAT(ids(registry.list(1)), testing::ElementsAre(4));
    EXPECT_EQ(registry.list(1).total, 4U);
}

TEST(SessionRegistry, ListsOnlyWhatDescribesItselfAndInterruptsAll) {
    SessionRegistry registry;
    Session one(registry, 1, false);
    { const Session gone(registry, 2, true); }
    Session part(registry, 3, true);
    part.hide();
    EXPECT_THAT(ids(registry.list(10)), testing::ElementsAre(1));
    EXPECT_EQ(registry.list(10).total, 1U);
    registry.drain();
    EXPECT_EQ(one.interrupted, 1);
    EXPECT_EQ(part.interrupted, 1);
}

}  // namespace
}  // namespace hsmfront::net
