#include "proxy/runtime/staple_keeper.hpp"

#include "proxy/log/component.hpp"

#include <spdlog/fmt/chrono.h>

#include <algorithm>
#include <utility>

namespace hsmfront::runtime {
namespace {

using certs::Loaded;

constexpr std::time_t minute = 60;
constexpr std::time_t hour = 60 * minute;

constexpr std::time_t longest_refresh = 12 * hour;
/// Without nextUpdate newer information is always to be had (RFC 6960 §4.2.2.1).
constexpr std::time_t refresh_of_endless = hour;
constexpr std::time_t first_pause = 10;
constexpr std::time_t longest_pause = hour;

/// A copy without what is attached to the original, above all the slot: else the two would keep
/// each other.
certs::X509Ptr copy(const X509* certificate) {
    return certs::X509Ptr(certificate != nullptr ? X509_dup(certificate) : nullptr);
}

bool same(const X509* a, const X509* b) {
    return a == b || (a != nullptr && b != nullptr && X509_cmp(a, b) == 0);
}

std::string time_text(std::time_t time) {
    return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(time));
}

}  // namespace

StapleKeeper::StapleKeeper(const std::string& alias, const certs::Chain& chain, Source source)
    : slot_(std::make_shared<tls::StapleSlot>(alias, certs::must_staple(chain.leaf()))),
      source_(std::move(source)),
      leaf_(copy(chain.leaf())),
      issuer_(copy(certs::find_issuer(chain))) {
    if (!source_.fetch) {
        return;
    }
    const std::string url =
        source_.responder.empty() ? certs::ocsp_responder(leaf_.get()) : source_.responder;
    if (url.empty()) {
        no_fetch_ =
            "its certificate names no OCSP responder; set tls.stapling.responder, or put a "
            "response into " +
            source_.file.string();
        return;
    }
    auto responder = certs::parse_responder(url);
    if (!responder) {
        no_fetch_ = responder.error().message;
    } else if (issuer_ == nullptr) {
        no_fetch_ = "without its issuer's certificate OCSP cannot be used; append it to the chain";
    } else {
        responder_ = std::move(*responder);
    }
}

bool StapleKeeper::keeps(const std::string& alias, const certs::Chain& chain, const Source& source)
    const {
    return slot_->alias() == alias && source_ == source && same(leaf_.get(), chain.leaf()) &&
           same(issuer_.get(), certs::find_issuer(chain));
}

void StapleKeeper::look(std::time_t now) {
    look_at_file(now);
    const bool serves = slot_->valid(now) != nullptr;
    if (std::exchange(served_, serves) && !serves) {
        file_in_force_ = false;
        report("the OCSP response from " + from_ + " has ended", true, now);
    } else if (!serves && problem_.empty()) {
        if (const auto missing = what_is_missing(); !missing.empty()) {
            report(missing, slot_->required(), now);
        }
    }
}

/// Why there is no response and none is to be expected.
std::string StapleKeeper::what_is_missing() const {
    if (source_.fetch) {
        return no_fetch_;
    }
    return slot_->required() ? "there is no OCSP response " + source_.file.string() : "";
}

void StapleKeeper::look_at_file(std::time_t now) {
    const auto present = certs::stamp_of(source_.file);
    if (present == seen_) {
        return;
    }
    seen_ = present;
    if (!present.there) {
        // What it held stays good until it ends.
        file_in_force_ = false;
    } else if (take(certs::read_ocsp_file(source_.file), source_.file.string(), now)) {
        file_in_force_ = true;
    }
}

bool StapleKeeper::fetch_due(std::time_t now) const {
    return responder_ && !file_in_force_ && now >= next_fetch_;
}

certs::OcspRequestPtr StapleKeeper::request() const {
    return certs::make_ocsp_request(leaf_.get(), issuer_.get());
}

void StapleKeeper::answered(const Loaded<std::vector<unsigned char>>& answer, std::time_t now) {
    if (!take(answer, responder_->text, now)) {
        plan_retry(now);
        return;
    }
    pause_ = 0;
    plan_refresh(*slot_->valid(now), now);
}

certs::OcspVerdict StapleKeeper::judge(
    const Loaded<std::vector<unsigned char>>& der, std::time_t now
) const {
    if (!der) {
        return {std::nullopt, false, der.error().message};
    }
    if (issuer_ == nullptr) {
        return {
            std::nullopt,
            false,
            "it cannot be verified without its issuer's certificate; append that to the chain"};
    }
    return certs::verify_ocsp_response(*der, leaf_.get(), issuer_.get(), now);
}

/// Serves `der` if it is good.
bool StapleKeeper::take(
    const Loaded<std::vector<unsigned char>>& der, const std::string& source, std::time_t now
) {
    auto verdict = judge(der, now);
    if (!verdict.response) {
        if (verdict.revoked) {
            slot_->put(nullptr);
            served_ = false;
        }
        report("OCSP response from " + source + ": " + verdict.why, verdict.revoked, now);
        return false;
    }
    const bool news = !std::exchange(problem_, {}).empty() || from_ != source;
    log::tls.write(
        news ? log::Level::info : log::Level::debug,
        "alias {}: the OCSP response from {} is stapled until {}",
        slot_->alias(),
        source,
        time_text(verdict.response->next_update)
    );
    from_ = source;
    served_ = true;
    slot_->note({});
    slot_->put(std::make_shared<const certs::OcspResponse>(std::move(*verdict.response)));
    return true;
}

/// Once for each problem, not for each attempt.
void StapleKeeper::report(const std::string& problem, bool grave, std::time_t now) {
    slot_->note(problem);
    if (std::exchange(problem_, problem) != problem) {
        log::tls.write(
            grave ? log::Level::err : log::Level::warn,
            "alias {}: {}; {}",
            slot_->alias(),
            problem,
            consequence(now)
        );
    }
}

std::string StapleKeeper::consequence(std::time_t now) const {
    if (const auto present = slot_->valid(now)) {
        return "the one from before is stapled until " + time_text(present->next_update);
    }
    return slot_->required() ? "its certificate demands one (must-staple): handshakes of clients "
                               "that ask for it are refused"
                             : "nothing is stapled";
}

void StapleKeeper::plan_refresh(const certs::OcspResponse& response, std::time_t now) {
    std::time_t due = response.this_update + (response.next_update - response.this_update) / 2;
    if (due <= now) {  // a responder may answer with what it made long ago
        due = now + (response.next_update - now) / 2;
    }
    const std::time_t longest = response.ends ? longest_refresh : refresh_of_endless;
    next_fetch_ = now + shortened(std::clamp<std::time_t>(due - now, 1, longest));
}

void StapleKeeper::plan_retry(std::time_t now) {
    pause_ = pause_ == 0 ? first_pause : std::min(2 * pause_, longest_pause);
    std::time_t wait = pause_;
    if (const auto present = slot_->valid(now)) {
        wait = std::clamp<std::time_t>((present->next_update - now) / 2, 1, wait);
    }
    next_fetch_ = now + shortened(wait);
}

/// By up to an eighth, so that several proxies do not ask in step.
std::time_t StapleKeeper::shortened(std::time_t wait) {
    std::uniform_int_distribution<std::time_t> jitter(0, wait / 8);
    return wait - jitter(random_);
}

}  // namespace hsmfront::runtime
