// Configurator: the thread that may wait, for files, terminal and token. It brings protocols up,
// and replaces what serves them at a reload.
#pragma once

#include "proxy/admin/service_status.hpp"
#include "proxy/runtime/contexts.hpp"
#include "proxy/runtime/expiry_watch.hpp"
#include "proxy/runtime/file_watch.hpp"
#include "proxy/runtime/front.hpp"
#include "proxy/runtime/handover.hpp"
#include "proxy/runtime/identities.hpp"
#include "proxy/runtime/pin_keeper.hpp"
#include "proxy/runtime/stapler.hpp"
#include "proxy/runtime/successor.hpp"

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace hsmfront::runtime {

class Configurator {
  public:
    /// Where the configuration came from, to be read again at a reload.
    struct Source {
        std::filesystem::path file;
        std::vector<std::string> overrides;
    };

    /// Both run on the configurator's thread; they should only post.
    struct Hooks {
        std::function<void()> nothing_starts;  ///< no protocol is up, nor can it become so
        std::function<void()> ended;
        /// After inherit(): how taking over ended.
        std::function<void(certs::Loaded<void>)> took_over;
    };

    /// How a request ended, in words for the operator. Runs on the configurator's thread.
    using Reply = std::function<void(certs::Loaded<std::string>)>;

    /// Protocols whose ports `front` did not bind are down until a reload can bind them.
    Configurator(
        Source source,
        std::shared_ptr<const config::Settings> settings,
        certs::Pins written_pins,
        Front& front,
        Admission& admission,
        Stapler& stapler,
        Hooks hooks
    );

    /// Before start(): it goes on with what another process gave. Connections are accepted as soon
    /// as what served there serves here.
    void inherit(Handover& handover);

    void start();

    /// Reads the configuration again, loads certificates, has the HSM's modules started afresh so
    /// that new keys are seen, and proves each key by a signature. Only if all of that succeeds is
    /// anything replaced; sessions keep what they began with. Any thread.
    void reload(Reply reply);

    /// A PIN typed by an operator, for the protocols that wait for one or whose PIN was refused.
    void enter_pin(certs::Secret pin, Reply reply);

    /// Starts `successor`, which takes the place of this process, whose ports are handed over with
    /// `others`. On success nothing is changed here yet.
    void hand_over(
        std::shared_ptr<Successor> successor, std::vector<net::Descriptor> others, Reply reply
    );

    [[nodiscard]] admin::ServiceStatus status() const;

    void request_stop();
    void join();
    /// After join(): ends the signers. Returns how many are stuck in a module; if any is, the
    /// process must end by _exit(2).
    [[nodiscard]] std::size_t close_hsm();

  private:
    using Clock = std::chrono::steady_clock;
    using Phase = admin::ProtocolStatus::Phase;

    struct Request {
        enum class Kind { reload, pin, handover } kind;
        Reply reply;
        certs::Secret pin = {};
        std::shared_ptr<Successor> successor = {};
        std::vector<net::Descriptor> sockets = {};
    };

    /// What a protocol serves with.
    struct Served {
        Identities identities;
        ListenerContexts contexts;
        FileWatch files;  ///< read for the contexts: what client certificates are judged by
    };

    void run(const std::stop_token& stop);
    [[nodiscard]] bool wait(const std::stop_token& stop);
    void handle_requests();
    [[nodiscard]] certs::Loaded<std::string> handle(Request& request);
    void post(Request request);

    // Sessions.
    [[nodiscard]] certs::Loaded<tls::TicketKeys::Source> ticket_keys_for(
        const config::Settings& settings
    ) const;
    void resume_with(tls::TicketKeys::Source source, const config::Settings& settings);

    // Start, and retries while the HSM is away.
    void start_protocols();
    void fail_all(const std::string& why);
    void attempt_hsm();
    /// How far a step got that may need an operator.
    enum class Step { done, waiting_for_pin };
    [[nodiscard]] certs::Loaded<Step> open_hsm();
    [[nodiscard]] certs::Loaded<Step> obtain_pins(certs::Pins& pins);
    [[nodiscard]] certs::Loaded<Step> ask_for_pin();
    void bring_up(Protocol protocol);
    void tell_up(Protocol protocol) const;
    void hsm_failed(Protocol protocol, const certs::Failure& failure);
    void fail(Protocol protocol, const std::string& why);
    void go_away(Protocol protocol, const std::string& why);
    void settle();

    // Files that change while the service runs.
    [[nodiscard]] bool watches_files() const;
    void look_at_files();
    void read_again(Protocol protocol);

    // Requests.
    [[nodiscard]] certs::Loaded<std::string> reload_now();
    [[nodiscard]] certs::Loaded<std::map<Protocol, Front::Listeners>> bind_for(
        const config::Settings& next
    );
    void switch_off(Protocol protocol);
    [[nodiscard]] certs::Loaded<std::string> use_typed_pin(certs::Secret pin);
    [[nodiscard]] certs::Loaded<std::string> hand_over_now(
        Successor& successor, std::vector<net::Descriptor> sockets
    );
    void look_at_takeover();
    [[nodiscard]] certs::Loaded<std::shared_ptr<certs::Hsm>> hsm_for(
        const config::Settings& next, const certs::Pins& written
    );
    [[nodiscard]] certs::Loaded<void> renew(const certs::Pins& pins);
    void replace_hsm(std::shared_ptr<certs::Hsm> hsm);
    void reap_retired();

    [[nodiscard]] certs::Loaded<Served> served_with(
        const config::Settings& settings, Protocol protocol, Identities identities
    ) const;
    [[nodiscard]] certs::Loaded<Served> loaded_served(
        const config::Settings& settings, Protocol protocol, certs::Hsm* hsm
    ) const;
    [[nodiscard]] bool publish(Protocol protocol, Served served);
    void tell_expiry();
    void list(Protocol protocol);
    void set(Protocol protocol, Phase phase, std::string reason);
    [[nodiscard]] Phase phase(Protocol protocol) const;
    [[nodiscard]] std::string reason(Protocol protocol) const;
    [[nodiscard]] bool any_in(Phase phase) const;
    [[nodiscard]] std::vector<Protocol> hsm_protocols() const;
    [[nodiscard]] bool interrupted() const;

    const Source source_;
    const Hooks hooks_;
    Front& front_;
    Admission& admission_;
    Stapler& stapler_;
    const Clock::time_point started_ = Clock::now();

    // The thread's own.
    std::shared_ptr<const config::Settings> settings_;
    certs::Pins written_pins_;
    PinKeeper pins_;
    const std::shared_ptr<tls::Resumption> resumption_;
    std::map<Protocol, Served> served_;
    ExpiryWatch expiry_;
    std::vector<std::shared_ptr<certs::Hsm>> retired_;  ///< their keys may still be in use
    std::chrono::milliseconds pause_{0};                ///< the last one between two attempts
    std::optional<Clock::time_point> retry_at_;
    Clock::time_point next_look_{};               ///< at files that change while the service runs
    std::optional<Clock::time_point> pin_until_;  ///< set when an operator is first asked
    bool said_pin_wanted_ = false;
    /// What must serve before connections are accepted; none: nobody's place is taken.
    std::optional<std::vector<std::string>> awaited_;

    mutable std::mutex mutex_;
    std::condition_variable_any changed_;
    std::stop_token stop_;
    std::deque<Request> requests_;
    std::stop_source prompt_;  ///< ends a prompt when something is to be done
    std::map<Protocol, admin::ProtocolStatus> protocols_;
    std::shared_ptr<certs::Hsm> hsm_;  ///< written by the thread only
    std::optional<admin::ReloadStatus> last_reload_;
    std::uint64_t reloads_ = 0;
    std::uint64_t reloads_failed_ = 0;

    std::jthread thread_;
};

}  // namespace hsmfront::runtime
