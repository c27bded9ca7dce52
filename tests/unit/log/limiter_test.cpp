#include "proxy/log/limiter.hpp"

#include <gmock/gmock.h>

#include <thread>
#include <vector>

namespace hsmfront::log {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

class LimiterTest : public testing::Test {
  protected:
    LimiterTest() { limiter.set({3, 1s}); }

    /// Of `lines` lines alike, those that are written.
    int written(fmt::string_view text, int lines) {
        int count = 0;
        for (int i = 0; i < lines; ++i) {
            count += limiter.allow({&ftp, Level::warn, text}, now) ? 1 : 0;
        }
        return count;
    }
    std::vector<std::pair<std::string, std::uint64_t>> told() {
        std::vector<std::pair<std::string, std::uint64_t>> kinds;
        limiter.tell([&kinds](const Kind& kind, std::uint64_t count) {
            kinds.emplace_back(std::string(kind.text.data(), kind.text.size()), count);
        });
        return kinds;
    }

    Limiter limiter;
    Limiter::Clock::time_point now{1000s};
};

TEST_F(LimiterTest, LetsSoManyThroughInEachPeriod) {
    EXPECT_EQ(written("refused {}", 10), 3);
    now += 999ms;
    EXPECT_EQ(written("refused {}", 10), 0);
    now += 1ms;
    EXPECT_EQ(written("refused {}", 10), 3);
}

TEST_F(LimiterTest, CountsEachKindForItself) {
    EXPECT_EQ(written("refused {}", 5), 3);
    EXPECT_EQ(written("accepted {}", 5), 3);
}

TEST_F(LimiterTest, TellsOnceOfWhatItHeldBack) {
    EXPECT_THAT(told(), IsEmpty());
    written("refused {}", 10);
    written("accepted {}", 3);
    EXPECT_THAT(told(), ElementsAre(Pair("refused {}", 7)));
    EXPECT_THAT(told(), IsEmpty());
}

TEST_F(LimiterTest, HoldsNothingBackWithoutALimit) {
    limiter.set({0, 1s});
    EXPECT_EQ(written("refused {}", 1000), 1000);
}

TEST_F(LimiterTest, TakesAnotherLimitWhileItRuns) {
    EXPECT_EQ(written("refused {}", 10), 3);
    limiter.set({5, 1s});
    EXPECT_EQ(written("refused {}", 10), 2);
}

TEST_F(LimiterTest, HasRoomForManyKinds) {
    std::vector<std::string> texts;
    for (int i = 0; i < 300; ++i) {
        texts.push_back("kind " + std::to_string(i));
    }
    for (const auto& text : texts) {
        EXPECT_EQ(written(text, 4), 3) << text;
    }
}

TEST_F(LimiterTest, CountsWhatSeveralThreadsSay) {
    limiter.set({1000, 1s});
    std::atomic<int> count = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] { count += written("refused {}", 1000); });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(count, 1000);
    EXPECT_THAT(told(), ElementsAre(Pair("refused {}", 3000)));
}

}  // namespace
}  // namespace hsmfront::log
