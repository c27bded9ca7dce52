// Signing rate and latency with a token that takes 10 ms for each signature. What is asked for is
// relative to what this machine does without the delay; measured in rounds, the best one counts,
// since other work on the machine only ever makes it worse.
#include "tests/fault/shim_stage.hpp"

#include <iostream>

namespace hsmfront::test {
namespace {

constexpr double signer_limit = 800;  ///< 8 signers, 10 ms each
/// Microseconds. Who is answered in less has not waited for a signature, however busy the machine.
constexpr double half_a_signature = 5'000;

double value_of(const std::string& line, const std::string& name) {
    const auto at = line.find(name + "=");
    return at == std::string::npos ? -1 : std::stod(line.substr(at + name.size() + 1));
}

/// rate_part: of the rate possible; latency_factor: of the idle median, or `latency_floor` where
/// that is more; rounds and seconds: how long it may take.
struct Demand {
    const char* name;
    double rate_part;
    double latency_factor;
    double latency_floor;  ///< in microseconds
    int rounds;
    int seconds;
};

void PrintTo(const Demand& demand, std::ostream* out) { *out << demand.name; }

class SigningRate : public ShimStage, public ::testing::WithParamInterface<Demand> {
  protected:
    SigningRate() {
        config.ftp.enabled = false;
        config.hsm.extra = "signers: 8";
        config.extra = "limits: { handshakes_per_address: 100000/s }\n";
    }

    [[nodiscard]] std::vector<std::string> load(const char* mode, const std::string& last) const {
        return {
            TLS_LOAD,
            mode,
            std::to_string(config.http.port),
            std::to_string(GetParam().seconds),
            last};
    }

    [[nodiscard]] double handshakes_per_second() const {
        const auto outcome = run(load("handshakes", "24"));
        EXPECT_EQ(value_of(outcome.out, "failed"), 0) << outcome.out << outcome.error;
        return value_of(outcome.out, "rate");
    }

    [[nodiscard]] double median_latency() const {
        const auto outcome = run(load("latency", "/small"));
        EXPECT_EQ(value_of(outcome.out, "failed"), 0) << outcome.out << outcome.error;
        return value_of(outcome.out, "median_us");
    }
};

const Demand demands[] = {{"short", 0.6, 3.0, half_a_signature, 5, 1}};
const Demand long_demands[] = {{"full", 0.9, 2.0, 0, 6, 4}};

const auto name_of = [](const auto& demand) { return std::string(demand.param.name); };
INSTANTIATE_TEST_SUITE_P(Timing, SigningRate, ::testing::ValuesIn(demands), name_of);
INSTANTIATE_TEST_SUITE_P(LongTiming, SigningRate, ::testing::ValuesIn(long_demands), name_of);

TEST_P(SigningRate, EightSignersAreKeptBusy) {
    start();
    double best = 0;
    for (int round = 0; round < GetParam().rounds && best < GetParam().rate_part; ++round) {
        shim.set({});
        const double possible = std::min(signer_limit, handshakes_per_second());
        shim.set({{"delay_ms", 10}});
        const double reached = handshakes_per_second();
        std::cout << "possible " << possible << "/s, reached " << reached << "/s\n";
        best = std::max(best, reached / possible);
    }
    EXPECT_GE(best, GetParam().rate_part);
}

TEST_P(SigningRate, KeptAliveRequestsDoNotWaitForSignatures) {
    start();
    double best = 1e9;  // of what is allowed
    for (int round = 0; round < GetParam().rounds && best >= 1; ++round) {
        shim.set({});
        const double idle = median_latency();
        shim.set({{"delay_ms", 10}});
        Command command;
        command.argv = load("handshakes", "8");
        command.output = scratch() / ("handshakes" + std::to_string(round));
        Process handshakes(command);
        const double busy = median_latency();
        EXPECT_EQ(handshakes.wait(60s), 0);
        EXPECT_GT(value_of(text_of(command.output), "done"), 20) << text_of(command.output);
        std::cout << "idle " << idle << " us, busy " << busy << " us\n";
        const double allowed = std::max(GetParam().latency_floor, GetParam().latency_factor * idle);
        best = std::min(best, busy / allowed);
    }
    EXPECT_LT(best, 1);
}

}  // namespace
}  // namespace hsmfront::test
