// What the tests with a token share: an open HSM behind the shim, and jobs to sign.
#pragma once

#include "certs/errc.hpp"
#include "certs/hsm.hpp"
#include "tests/support/shim_control.hpp"
#include "tests/support/soft_hsm_token.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>

namespace hsmfront::certs {

/// A job that can be waited for.
class WaitingJob final : public SignJob {
  public:
    using SignJob::SignJob;

    /// True if `on_done` ran within `limit`.
    [[nodiscard]] bool wait(std::chrono::milliseconds limit = std::chrono::seconds(20)) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, limit, [this] { return calls_ > 0; });
    }

    [[nodiscard]] int calls() {
        const std::lock_guard lock(mutex_);
        return calls_;
    }

  private:
    void on_done() noexcept override {
        const std::lock_guard lock(mutex_);
        ++calls_;
        changed_.notify_all();
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    int calls_ = 0;
};

using namespace std::chrono_literals;

/// A digest (of nothing in particular) to sign with an EC key.
[[nodiscard]] inline SignRequest digest_request() {
    return {Padding::none, Digest::sha256, std::vector<std::uint8_t>(32, 0x5a)};
}

[[nodiscard]] inline std::shared_ptr<WaitingJob> make_job(
    std::chrono::milliseconds limit, SignRequest request = digest_request()
) {
    return std::make_shared<WaitingJob>(std::move(request), SignJob::Clock::now() + limit);
}

[[nodiscard]] inline Pins pins(Secret first) {
    Pins all;
    all.push_back(std::move(first));
    return all;
}

/// Of the first token.
[[nodiscard]] inline TokenStatus status(const Hsm& hsm) { return hsm.status().tokens.front(); }

/// Submits and waits; the submission's error or the job's result.
[[nodiscard]] inline Result<Signature> sign_now(
    RemoteKey& key, SignRequest request = digest_request()
) {
    auto job = make_job(key.sign_timeout(), std::move(request));
    if (auto queued = key.submit(job); !queued) {
        return queued.error();
    }
    if (!job->wait()) {
        ADD_FAILURE() << "the job was never finished";
        return Errc::timed_out;
    }
    return job->result();
}

/// Polls until `condition` holds; false after `limit`.
template <class Condition>
[[nodiscard]] bool within(std::chrono::milliseconds limit, Condition condition) {
    const auto until = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() >= until) {
            return false;
        }
        std::this_thread::sleep_for(1ms);
    }
    return true;
}

/// A token with an EC key `front` behind the shim.
class ShimmedToken : public ::testing::Test {
  protected:
    ShimmedToken() { token_.generate(test::TokenKeyKind::ec_p256, "front"); }

    [[nodiscard]] config::Hsm settings(std::size_t signers = 4) const {
        config::Hsm hsm = token_.settings();
        hsm.module = test::ShimControl::module();
        hsm.signers = signers;
        return hsm;
    }

    /// Opens the HSM; a failure fails the test.
    [[nodiscard]] std::shared_ptr<Hsm> open(const config::Hsm& hsm) const {
        auto opened = Hsm::open(hsm, pins(Secret(token_.pin())));
        if (!opened) {
            ADD_FAILURE() << opened.error().message;
            throw std::runtime_error("no HSM");
        }
        return *opened;
    }

    [[nodiscard]] static std::shared_ptr<RemoteKey> key_of(
        Hsm& hsm, const std::string& alias = "front"
    ) {
        auto key = hsm.find_key(alias, nullptr);
        if (!key) {
            ADD_FAILURE() << key.error().message;
            throw std::runtime_error("no key");
        }
        return *key;
    }

    test::ShimControl shim_;
    test::SoftHsmToken token_;
};

}  // namespace hsmfront::certs
