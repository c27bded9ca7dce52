#include "certs/hsm.hpp"
#include "proxy/commands/doctor_steps.hpp"
#include "proxy/commands/load_meter.hpp"
#include "proxy/commands/terminal.hpp"

namespace hsmfront::commands {
namespace {

void measure_key(
    Checklist& list, certs::RemoteKey& key, std::size_t signers, std::chrono::milliseconds duration
) {
    const std::string step = "load " + key.alias();
    ProgressLine line;
    const auto result = measure_load(key, signers, duration, [&](double done) {
        line.show(step + " " + progress_bar(done));
    });
    line.clear();
    if (result.failures > 0) {
        list.fail(
            step,
            std::to_string(result.failures) + " of " +
                std::to_string(result.failures + result.signatures) +
                " signatures failed: " + result.last_failure.message(),
            "the HSM does not keep up with hsm.signers " + std::to_string(signers) +
                ", or its service has a problem"
        );
        return;
    }
    const auto rate = static_cast<long>(result.per_second());
    list.ok(
        step,
        std::to_string(rate) + " signatures/s with " + std::to_string(signers) + " signers; p50 " +
            in_ms(result.percentile(0.5)) + ", p90 " + in_ms(result.percentile(0.9)) + ", p99 " +
            in_ms(result.percentile(0.99)) + ", max " + in_ms(result.percentile(1.0))
    );
    list.ok(
        step,
        "enough for " + std::to_string(rate) +
            " full TLS handshakes/s with this key, one signature each; resumed handshakes, as "
            "those of FTPS data connections should be, need none"
    );
}

}  // namespace

void measure_aliases(
    Checklist& list,
    const config::Settings& settings,
    certs::Secret pin,
    const std::vector<std::string>& aliases,
    std::chrono::milliseconds duration
) {
    certs::Pins pins;
    pins.push_back(std::move(pin));
    const auto hsm = certs::Hsm::open(settings.hsm, std::move(pins));
    if (!hsm) {
        list.fail("load", hsm.error().message);
        return;
    }
    for (const auto& alias : aliases) {
        auto key = (*hsm)->find_key(alias, nullptr);
        if (const auto leaf = leaf_in_file(settings, alias); !key && leaf) {
            key = (*hsm)->find_key(alias, X509_get0_pubkey(leaf.get()));
        }
        if (key) {
            measure_key(list, **key, settings.hsm.signers, duration);
        }
    }
    (*hsm)->stop();
}

}  // namespace hsmfront::commands
