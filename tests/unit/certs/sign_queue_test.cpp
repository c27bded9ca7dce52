// SignQueue and its neighbours without a token: order, refusals, classes of errors, back-off.
#include "certs/sign_queue.hpp"

#include "certs/backoff.hpp"
#include "certs/ckr.hpp"
#include "certs/errc.hpp"
#include "certs/public_key.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace hsmfront::certs {
namespace {

using namespace std::chrono_literals;

class CountedJob final : public SignJob {
  public:
    explicit CountedJob(std::chrono::milliseconds limit = 10s)
        : SignJob({}, Clock::now() + limit) {}
    int calls = 0;

  private:
    void on_done() noexcept override { ++calls; }
};

std::shared_ptr<CountedJob> push(SignQueue& queue, std::chrono::milliseconds limit = 10s) {
    auto job = std::make_shared<CountedJob>(limit);
    SignTask task;
    task.job = job;
    EXPECT_TRUE(queue.push(task));
    return job;
}

error_code refusal(SignQueue& queue) {
    SignTask task;
    task.job = std::make_shared<CountedJob>();
    return queue.push(task).error();
}

TEST(SignQueue, FirstInFirstOut) {
    SignQueue queue(8);
    const std::atomic<bool> leave = false;
    const auto first = push(queue);
    const auto second = push(queue);
    EXPECT_EQ(queue.pop(leave)->job, first);
    EXPECT_EQ(queue.pop(leave)->job, second);
}

TEST(SignQueue, FullRefuses) {
    SignQueue queue(1);
    (void)push(queue);
    EXPECT_TRUE(queue.full());
    EXPECT_EQ(refusal(queue), Errc::queue_full);
}

TEST(SignQueue, PopSkipsCancelledAndFailsExpired) {
    SignQueue queue(8);
    const std::atomic<bool> leave = false;
    const auto cancelled = push(queue);
    const auto expired = push(queue, -1ms);
    const auto wanted = push(queue);
    ASSERT_TRUE(cancelled->cancel());
    EXPECT_EQ(queue.pop(leave)->job, wanted);
    EXPECT_EQ(cancelled->calls, 0);
    EXPECT_EQ(expired->calls, 1);
    EXPECT_EQ(expired->result().error(), Errc::timed_out);
}

TEST(SignQueue, SweepFailsExpiredAndDropsCancelled) {
    SignQueue queue(8);
    const auto cancelled = push(queue);
    const auto expired = push(queue, 1s);
    const auto wanted = push(queue);
    ASSERT_TRUE(cancelled->cancel());
    queue.sweep(SignJob::Clock::now() + 2s);
    EXPECT_EQ(queue.size(), 1U);
    EXPECT_EQ(expired->result().error(), Errc::timed_out);
    EXPECT_FALSE(wanted->done());
}

TEST(SignQueue, RefuseHandsOutWhatWaitsUntilAcceptedAgain) {
    SignQueue queue(8);
    const auto waiting = push(queue);
    const auto handed_out = queue.refuse(make_error_code(Errc::token_unavailable));
    ASSERT_EQ(handed_out.size(), 1U);
    EXPECT_EQ(handed_out.front().job, waiting);
    EXPECT_EQ(refusal(queue), Errc::token_unavailable);
    queue.accept();
    (void)push(queue);
    EXPECT_EQ(queue.size(), 1U);
}

TEST(SignQueue, OlderOnesAreTakenOutAndPutBackInOrder) {
    SignQueue queue(2);
    const std::atomic<bool> leave = false;
    const auto first = push(queue);
    const auto second = push(queue);
    EXPECT_TRUE(queue.take_older(SignJob::Clock::now() - 1s).empty());
    auto older = queue.take_older(SignJob::Clock::now() + 1s);
    ASSERT_EQ(older.size(), 2U);
    EXPECT_EQ(queue.size(), 0U);
    EXPECT_TRUE(queue.put_back(older.back()));
    EXPECT_TRUE(queue.put_back(older.front()));
    EXPECT_EQ(queue.pop(leave)->job, first);
    EXPECT_EQ(queue.pop(leave)->job, second);
    (void)queue.refuse(make_error_code(Errc::token_unavailable));
    EXPECT_FALSE(queue.put_back(older.front()));
}

TEST(SignQueue, LeaverPassesTheWakeUpOn) {
    SignQueue queue(8);
    std::atomic<bool> leave = false;
    std::atomic<bool> stay = false;
    std::thread leaver([&] { EXPECT_FALSE(queue.pop(leave)); });
    std::thread stayer([&] { EXPECT_TRUE(queue.pop(stay)); });
    leave = true;
    queue.wake();
    (void)push(queue);
    leaver.join();
    stayer.join();
}

TEST(SignJob, CancelAndFinishExcludeEachOther) {
    CountedJob cancelled;
    EXPECT_TRUE(cancelled.cancel());
    cancelled.finish(Signature{1});
    EXPECT_EQ(cancelled.calls, 0);
    EXPECT_FALSE(cancelled.done());

    CountedJob finished;
    finished.finish(Signature{1});
    finished.finish(make_error_code(Errc::timed_out));
    EXPECT_FALSE(finished.cancel());
    EXPECT_EQ(finished.calls, 1);
    EXPECT_TRUE(finished.result());
}

TEST(Ckr, NamesAndClasses) {
    EXPECT_EQ(ckr_error(CKR_DEVICE_ERROR).message(), "CKR_DEVICE_ERROR (0x30)");
    EXPECT_EQ(ckr_error(0x80000001UL).message(), "PKCS#11 error 0x80000001");
    EXPECT_TRUE(is_ckr(ckr_error(0x80000001UL), 0x80000001UL));
    EXPECT_FALSE(ckr_error(CKR_OK));
    EXPECT_EQ(ckr_class(ckr_error(CKR_OK)), CkrClass::ok);
    EXPECT_EQ(ckr_class(ckr_error(CKR_DATA_INVALID)), CkrClass::request);
    EXPECT_EQ(ckr_class(ckr_error(CKR_SESSION_CLOSED)), CkrClass::session);
    EXPECT_EQ(ckr_class(ckr_error(CKR_USER_NOT_LOGGED_IN)), CkrClass::login);
    EXPECT_EQ(ckr_class(ckr_error(CKR_DEVICE_REMOVED)), CkrClass::generation);
    EXPECT_EQ(ckr_class(ckr_error(0x80000001UL)), CkrClass::generation);
    EXPECT_EQ(ckr_class(ckr_error(CKR_PIN_LOCKED)), CkrClass::pin);
    EXPECT_EQ(ckr_class(make_error_code(Errc::key_not_found)), CkrClass::request);
}

TEST(Backoff, DoublesToItsLimitAndStartsOver) {
    Backoff backoff;
    auto expected = 50ms;
    for (int i = 0; i < 10; ++i) {
        const auto wait = backoff.next();
        EXPECT_LE(wait, expected);
        EXPECT_GE(wait, expected * 3 / 4);
        expected = std::min(2 * expected, 500ms);
    }
    backoff.reset();
    EXPECT_LE(backoff.next(), 50ms);
}

TEST(PublicKey, NonsenseGivesNoKey) {
    const std::vector<std::uint8_t> none;
    const std::vector<std::uint8_t> junk{1, 2, 3};
    const std::vector<std::uint8_t> p256{
        0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
    EXPECT_FALSE(rsa_public_key(none, none));
    EXPECT_FALSE(ec_public_key(none, none));
    EXPECT_FALSE(ec_public_key(junk, junk));
    EXPECT_FALSE(ec_public_key(p256, junk));
    EXPECT_FALSE(ed25519_public_key(junk));
}

}  // namespace
}  // namespace hsmfront::certs
