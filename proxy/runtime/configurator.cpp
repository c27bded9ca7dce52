// Configurator: its thread, the start of protocols, and retries while the HSM is away.
#include "proxy/runtime/configurator.hpp"

#include "certs/errc.hpp"
#include "certs/pin_prompt.hpp"
#include "proxy/log/component.hpp"
#include "proxy/runtime/listeners.hpp"

#include <spdlog/fmt/ranges.h>

#include <algorithm>
#include <ctime>

namespace hsmfront::runtime {
namespace {

using certs::Errc;
using certs::Failure;
using certs::Loaded;
using std::chrono::milliseconds;

constexpr milliseconds first_pause{100};
constexpr milliseconds longest_pause{1000};
/// Between looks at whether a replaced HSM is still in use.
constexpr milliseconds reap_period{1000};
/// Between looks at ticket keys: whether files changed, whether random ones are old.
constexpr milliseconds ticket_period{2000};

bool is(const Failure& failure, Errc code) { return failure.code == make_error_code(code); }

}  // namespace

Configurator::Configurator(
    Source source,
    std::shared_ptr<const config::Settings> settings,
    certs::Pins written_pins,
    Front& front,
    Admission& admission,
    Stapler& stapler,
    Hooks hooks
)
    : source_(std::move(source)),
      hooks_(std::move(hooks)),
      front_(front),
      admission_(admission),
      stapler_(stapler),
      settings_(std::move(settings)),
      written_pins_(std::move(written_pins)),
      resumption_(std::make_shared<tls::Resumption>(settings_->tls.tickets.lifetime)) {
    for (const Protocol protocol : all_protocols) {
        if (enabled(*settings_, protocol)) {
            list(protocol);
            if (!front_.bound(protocol)) {
                set(protocol, Phase::down, "its ports are not free");
            }
        }
    }
}

void Configurator::start() {
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Configurator::request_stop() {
    thread_.request_stop();
    const std::lock_guard lock(mutex_);
    prompt_.request_stop();
}

void Configurator::join() {
    if (thread_.joinable()) {
        thread_.join();
    }
}

void Configurator::post(Request request) {
    const std::lock_guard lock(mutex_);
    requests_.push_back(std::move(request));
    prompt_.request_stop();
    changed_.notify_all();
}

void Configurator::reload(Reply reply) { post({Request::Kind::reload, std::move(reply)}); }

void Configurator::enter_pin(certs::Secret pin, Reply reply) {
    post({Request::Kind::pin, std::move(reply), std::move(pin)});
}

void Configurator::run(const std::stop_token& stop) {
    {
        const std::lock_guard lock(mutex_);
        stop_ = stop;
    }
    if (auto source = ticket_keys_for(*settings_)) {
        resume_with(std::move(*source), *settings_);
        start_protocols();
    } else {
        fail_all(source.error().message);
    }
    settle();
    look_at_takeover();
    tell_expiry();
    while (wait(stop)) {
        handle_requests();
        resumption_->tickets.refresh(tls::TicketKeys::Clock::now());
        reap_retired();
        look_at_files();
        const bool due = retry_at_ && Clock::now() >= *retry_at_;
        if (due || any_in(Phase::waiting_pin)) {
            attempt_hsm();
        }
        settle();
        look_at_takeover();
        tell_expiry();
    }
    hooks_.ended();
}

/// Until something is to be done. False: stop.
bool Configurator::wait(const std::stop_token& stop) {
    auto until = Clock::now() + ticket_period;
    if (retry_at_) {
        until = std::min(until, *retry_at_);
    }
    if (any_in(Phase::waiting_pin)) {
        until = std::min(until, *pin_until_);
    }
    if (!retired_.empty()) {
        until = std::min(until, Clock::now() + reap_period);
    }
    if (watches_files()) {
        until = std::min(until, next_look_);
    }
    std::unique_lock lock(mutex_);
    (void)changed_.wait_until(lock, stop, until, [this] { return !requests_.empty(); });
    return !stop.stop_requested();
}

bool Configurator::interrupted() const {
    const std::lock_guard lock(mutex_);
    return stop_.stop_requested() || !requests_.empty();
}

Loaded<tls::TicketKeys::Source> Configurator::ticket_keys_for(const config::Settings& settings
) const {
    const auto& tickets = settings.tls.tickets;
    auto source = tls::TicketKeys::open(tickets.keys, tickets.lifetime);
    if (!source) {
        return Failure{source.error().code, "tls.tickets.keys: " + source.error().message};
    }
    return source;
}

void Configurator::resume_with(tls::TicketKeys::Source source, const config::Settings& settings) {
    resumption_->tickets.use(std::move(source), tls::TicketKeys::Clock::now());
    resumption_->cache.resize(settings.tls.session_cache);
}

void Configurator::start_protocols() {
    for (const Protocol protocol : all_protocols) {
        if (front_.bound(protocol) && !uses_hsm(*settings_, protocol)) {
            bring_up(protocol);
        }
    }
    if (!hsm_protocols().empty()) {
        attempt_hsm();
    }
}

void Configurator::fail_all(const std::string& why) {
    for (const Protocol protocol : all_protocols) {
        if (front_.bound(protocol)) {
            fail(protocol, why);
        }
    }
}

void Configurator::attempt_hsm() {
    retry_at_.reset();
    const auto opened = hsm_ == nullptr ? open_hsm() : Step::done;
    for (const Protocol protocol : hsm_protocols()) {
        if (phase(protocol) == Phase::up || phase(protocol) == Phase::down) {
            continue;
        }
        if (!opened) {
            hsm_failed(protocol, opened.error());
        } else if (*opened == Step::waiting_for_pin) {
            set(protocol, Phase::waiting_pin, "waiting for the PIN");
        } else {
            bring_up(protocol);
        }
    }
}

Loaded<Configurator::Step> Configurator::open_hsm() {
    certs::Pins pins;
    auto obtained = obtain_pins(pins);
    if (!obtained || *obtained == Step::waiting_for_pin) {
        return obtained;
    }
    if (pins_.was_refused(pins)) {
        pins_.refused(pins);
        return Failure{
            make_error_code(Errc::pin_incorrect),
            "the token refused this PIN before; it is not sent again"};
    }
    auto hsm = certs::Hsm::open(settings_->hsm, copy(pins));
    if (!hsm) {
        if (is(hsm.error(), Errc::pin_incorrect) || is(hsm.error(), Errc::pin_locked)) {
            pins_.refused(pins);
        }
        return hsm.error();
    }
    const std::lock_guard lock(mutex_);
    hsm_ = std::move(*hsm);
    return Step::done;
}

Loaded<Configurator::Step> Configurator::obtain_pins(certs::Pins& pins) {
    auto collected = pins_.collect(settings_->hsm, written_pins_);
    const bool ask =
        !collected && !settings_->hsm.pin.configured() && is(collected.error(), Errc::pin_missing);
    if (ask) {
        auto asked = ask_for_pin();
        if (!asked || *asked == Step::waiting_for_pin) {
            return asked;
        }
        collected = pins_.collect(settings_->hsm, written_pins_);
    }
    if (!collected) {
        return collected.error();
    }
    pins = std::move(*collected);
    return Step::done;
}

/// Waits at the terminal until the PIN is typed or something else is to be done. Where there is no
/// terminal the wait goes on without it, as long as `hsmfront pin` can reach the service.
Loaded<Configurator::Step> Configurator::ask_for_pin() {
    const auto now = Clock::now();
    if (!pin_until_) {
        pin_until_ = now + settings_->hsm.pin_timeout;
    }
    if (now >= *pin_until_) {
        return Failure{
            make_error_code(Errc::pin_missing), "the PIN was not typed within hsm.pin_timeout"};
    }
    std::stop_token stop;
    {
        const std::lock_guard lock(mutex_);
        if (stop_.stop_requested() || !requests_.empty()) {
            return Step::waiting_for_pin;
        }
        prompt_ = std::stop_source();
        stop = prompt_.get_token();
    }
    auto typed = certs::prompt_pin(
        {"PIN of HSM token \"" + settings_->hsm.token + "\": ",
         std::chrono::duration_cast<milliseconds>(*pin_until_ - now),
         stop}
    );
    if (typed) {
        pins_.typed(std::move(*typed));
        return Step::done;
    }
    if (interrupted()) {
        return Step::waiting_for_pin;
    }
    if (Clock::now() >= *pin_until_ || settings_->admin.socket.empty()) {
        return typed.error();
    }
    if (!std::exchange(said_pin_wanted_, true)) {
        log::runtime.warn(
            "hsm: {}; waiting {} s for \"hsmfront pin\"",
            typed.error().message,
            std::chrono::duration_cast<std::chrono::seconds>(settings_->hsm.pin_timeout).count()
        );
    }
    return Step::waiting_for_pin;
}

Loaded<Configurator::Served> Configurator::served_with(
    const config::Settings& settings, Protocol protocol, Identities identities
) const {
    FileWatch files(client_certificate_files(settings, protocol));
    auto contexts = make_contexts(settings, protocol, identities, resumption_);
    if (!contexts) {
        return contexts.error();
    }
    return Served{std::move(identities), std::move(*contexts), std::move(files)};
}

Loaded<Configurator::Served> Configurator::loaded_served(
    const config::Settings& settings, Protocol protocol, certs::Hsm* hsm
) const {
    auto identities = load_identities(settings, protocol, hsm);
    if (!identities) {
        return identities.error();
    }
    stapler_.attach(settings, *identities);
    return served_with(settings, protocol, std::move(*identities));
}

void Configurator::bring_up(Protocol protocol) {
    certs::Hsm* hsm = uses_hsm(*settings_, protocol) ? hsm_.get() : nullptr;
    auto served = loaded_served(*settings_, protocol, hsm);
    if (!served) {
        hsm_failed(protocol, served.error());
        return;
    }
    if (publish(protocol, std::move(*served))) {
        tell_up(protocol);
    }
}

void Configurator::tell_up(Protocol protocol) const {
    for (const auto& endpoint : endpoints(*settings_, protocol)) {
        log::runtime.info(
            "protocol {} is up on {} (alias {}, key in {})",
            name(protocol),
            to_string(endpoint),
            fmt::join(aliases(*settings_, protocol), ", "),
            uses_hsm(*settings_, protocol) ? "HSM" : "file"
        );
    }
}

/// Away for as long as the failure is one that may pass by itself, else down.
void Configurator::hsm_failed(Protocol protocol, const Failure& failure) {
    is(failure, Errc::token_unavailable) ? go_away(protocol, failure.message)
                                         : fail(protocol, failure.message);
}

void Configurator::fail(Protocol protocol, const std::string& why) {
    log::runtime.error("protocol {} does not start: {}", name(protocol), why);
    set(protocol, Phase::down, why);
}

/// Its ports listen, and what comes is refused at once: clients see the truth, and a load balancer
/// in front goes elsewhere.
void Configurator::go_away(Protocol protocol, const std::string& why) {
    if (phase(protocol) != Phase::away) {
        log::runtime.warn(
            "protocol {} waits for the HSM ({}); trying again until it answers, handshakes are "
            "refused meanwhile",
            name(protocol),
            why
        );
        auto nothing = served_with(*settings_, protocol, {});
        if (!nothing) {
            fail(protocol, nothing.error().message);
            return;
        }
        if (!publish(protocol, std::move(*nothing))) {
            return;
        }
        pause_ = first_pause;
    }
    set(protocol, Phase::away, why);
    if (!retry_at_) {
        retry_at_ = Clock::now() + pause_;
        pause_ = std::min(pause_ * 2, longest_pause);
    }
}

/// False if its ports could not listen; then it is down.
bool Configurator::publish(Protocol protocol, Served served) {
    if (const auto published = front_.publish(protocol, settings_, served.contexts); !published) {
        fail(protocol, published.error().message);
        return false;
    }
    const tls::Context& context = *served.contexts.front();
    served_[protocol] = std::move(served);
    const std::lock_guard lock(mutex_);
    auto& status = protocols_[protocol];
    status.phase = Phase::up;
    status.reason.clear();
    status.hsm = uses_hsm(*settings_, protocol);
    status.certificates.clear();
    for (const auto& one : context.certificates()) {
        const bool known = std::ranges::any_of(status.certificates, [&one](const auto& other) {
            return other.alias == one.alias;  // several hosts may serve it
        });
        if (!known) {
            status.certificates.push_back({one.alias, one.subject, one.type, one.not_after});
        }
    }
    return true;
}

/// At least once an hour (see wait()).
void Configurator::tell_expiry() {
    for (const auto& [protocol, served] : served_) {
        const auto& certificates = served.contexts.front()->certificates();
        for (const auto& notice : expiry_.look(certificates, std::time(nullptr))) {
            log::runtime.write(
                notice.grave ? log::Level::err : log::Level::warn, "{}", notice.text
            );
        }
    }
}

/// Among the protocols that status() tells of.
void Configurator::list(Protocol protocol) {
    const std::lock_guard lock(mutex_);
    auto& status = protocols_[protocol];
    status.name = name(protocol);
    status.hsm = uses_hsm(*settings_, protocol);
}

void Configurator::set(Protocol protocol, Phase phase, std::string reason) {
    const std::lock_guard lock(mutex_);
    auto& status = protocols_[protocol];
    status.phase = phase;
    status.reason = std::move(reason);
}

std::string Configurator::reason(Protocol protocol) const {
    const std::lock_guard lock(mutex_);
    return protocols_.at(protocol).reason;
}

Configurator::Phase Configurator::phase(Protocol protocol) const {
    const std::lock_guard lock(mutex_);
    return protocols_.at(protocol).phase;
}

bool Configurator::any_in(Phase phase) const {
    const std::lock_guard lock(mutex_);
    return std::any_of(protocols_.begin(), protocols_.end(), [phase](const auto& entry) {
        return entry.second.phase == phase;
    });
}

std::vector<Protocol> Configurator::hsm_protocols() const {
    std::vector<Protocol> found;
    for (const Protocol protocol : all_protocols) {
        if (front_.bound(protocol) && uses_hsm(*settings_, protocol)) {
            found.push_back(protocol);
        }
    }
    return found;
}

void Configurator::settle() {
    if (!any_in(Phase::up) && !any_in(Phase::away) && !any_in(Phase::waiting_pin)) {
        hooks_.nothing_starts();
    }
}

}  // namespace hsmfront::runtime
