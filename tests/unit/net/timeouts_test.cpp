#include "proxy/net/timeouts.hpp"

#include "loop_fixture.hpp"
#include "proxy/net/event.hpp"

#include <memory>
#include <vector>

namespace hsmfront::net {
namespace {

using namespace std::chrono_literals;

class Note final : public Timeout {
  public:
    Note(std::vector<int>& notes, int name) : notes_(notes), name_(name) {}
    void on_due() noexcept override { notes_.push_back(name_); }

  private:
    std::vector<int>& notes_;
    int name_;
};

Task<void> until(milliseconds limit) {
    Event never;
    co_await never.wait_for(limit);
}

class TimeoutsTest : public ::testing::Test {
  protected:
    void schedule(Timeout& timeout, milliseconds from_now) {
        net::Loop::of(loop_.executor()).timeouts().schedule(timeout, start_ + from_now);
    }
    std::vector<int> after(milliseconds limit) {
        loop_.run(until(limit));
        return notes_;
    }

    test::Loop loop_;
    const Clock::time_point start_ = Clock::now();
    std::vector<int> notes_;
};

TEST_F(TimeoutsTest, ComeInTheOrderOfTheirTimes) {
    Note first(notes_, 1);
    Note second(notes_, 2);
    Note third(notes_, 3);
    schedule(third, 3ms);
    schedule(first, 1ms);
    schedule(second, 2ms);
    EXPECT_EQ(after(10ms), (std::vector{1, 2, 3}));
    EXPECT_FALSE(first.pending());
}

TEST_F(TimeoutsTest, MayBeMoved) {
    Note first(notes_, 1);
    Note second(notes_, 2);
    schedule(first, 1ms);
    schedule(second, 2ms);
    schedule(first, 3ms);
    EXPECT_EQ(after(10ms), (std::vector{2, 1}));
}

TEST_F(TimeoutsTest, AreForgottenWhenTheyEnd) {
    auto gone = std::make_unique<Note>(notes_, 1);
    Note stays(notes_, 2);
    schedule(*gone, 1ms);
    schedule(stays, 2ms);
    gone.reset();
    EXPECT_EQ(after(10ms), (std::vector{2}));
}

/// Schedules itself again until it has come three times, then ends itself.
class Again final : public Timeout {
  public:
    Again(Timeouts& timeouts, std::vector<int>& notes) : timeouts_(timeouts), notes_(notes) {}
    void on_due() noexcept override {
        notes_.push_back(static_cast<int>(notes_.size()));
        if (notes_.size() == 3) {
            delete this;
        } else {
            timeouts_.schedule(*this, Clock::now() + 1ms);
        }
    }

  private:
    Timeouts& timeouts_;
    std::vector<int>& notes_;
};

TEST_F(TimeoutsTest, MayScheduleThemselvesAgainAndEndThemselves) {
    Timeouts& timeouts = net::Loop::of(loop_.executor()).timeouts();
    schedule(*new Again(timeouts, notes_), 1ms);
    EXPECT_EQ(after(50ms), (std::vector{0, 1, 2}));
}

TEST_F(TimeoutsTest, PatienceIsUntilTheEarliest) {
    Timeouts& timeouts = net::Loop::of(loop_.executor()).timeouts();
    EXPECT_EQ(timeouts.patience(), -1);
    Note far(notes_, 1);
    schedule(far, 1h);
    EXPECT_GT(timeouts.patience(), 1'000'000);
    Note past(notes_, 2);
    schedule(past, -1ms);
    EXPECT_EQ(timeouts.patience(), 0);
}

}  // namespace
}  // namespace hsmfront::net
