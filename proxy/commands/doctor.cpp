// The command doctor: what "serve" needs of the HSM, tried out step by step.
#include "certs/key_pair.hpp"
#include "certs/token_directory.hpp"
#include "config/units.hpp"
#include "proxy/commands/configuration.hpp"
#include "proxy/commands/doctor_steps.hpp"
#include "proxy/commands/handlers.hpp"
#include "proxy/commands/token_access.hpp"
#include "proxy/runtime/exit_code.hpp"
#include "proxy/runtime/privileges.hpp"
#include "proxy/runtime/sandbox.hpp"
#include "proxy/tls/fips.hpp"

#include <algorithm>
#include <array>
#include <iostream>
#include <unistd.h>

namespace hsmfront::commands {
namespace {

using Clock = std::chrono::steady_clock;

/// PKCS#11 text fields are padded with blanks.
template <std::size_t Size>
std::string field_text(const unsigned char (&field)[Size]) {
    std::string text(std::begin(field), std::end(field));
    text.erase(text.find_last_not_of(std::string_view(" \0", 2)) + 1);
    return text;
}

std::string version_text(const CK_VERSION& version) {
    return std::to_string(version.major) + "." + (version.minor < 10 ? "0" : "") +
           std::to_string(version.minor);
}

/// Aliases of the enabled protocols whose keys are in the HSM, each once.
std::vector<std::string> hsm_aliases(const config::Settings& settings) {
    std::vector<std::string> all;
    const auto add = [&all](const std::vector<std::string>& aliases) {
        for (const auto& alias : aliases) {
            if (std::find(all.begin(), all.end(), alias) == all.end()) {
                all.push_back(alias);
            }
        }
    };
    const auto add_protocol = [&add](const auto& protocol) {
        if (protocol.enabled && protocol.hsm_enabled) {
            add(protocol.aliases);
            for (const config::Host& host : protocol.hosts) {
                add(host.aliases);
            }
        }
    };
    add_protocol(settings.ftp);
    add_protocol(settings.http);
    return all;
}

/// The settings once for each token, hsm.token first, then those of hsm.failover.
std::vector<config::Settings> for_each_token(config::Settings settings) {
    const auto others = std::move(settings.hsm.failover);
    settings.hsm.failover.clear();
    std::vector<config::Settings> all{settings};
    for (const config::HsmToken& other : others) {
        settings.hsm.token = other.token;
        settings.hsm.module = other.module.empty() ? all.front().hsm.module : other.module;
        settings.hsm.pin = other.pin.configured() ? other.pin : all.front().hsm.pin;
        all.push_back(settings);
    }
    return all;
}

/// One token. No two at the same time: libp11 closes the module for the whole process.
class Doctor {
  public:
    Doctor(Checklist& list, const config::Settings& settings, certs::PinRisk risk)
        : list_(list), settings_(settings), risk_(risk) {}

    /// `load`: how long to measure each alias; 0 for not at all.
    void run(std::chrono::milliseconds load) {
        if (!look_at_module() || !look_at_slots() || !look_at_token() || !get_pin() || !log_in()) {
            return;
        }
        look_at_mechanisms();
        for (const auto& alias : hsm_aliases(settings_)) {
            examine_alias(list_, settings_, *token_, alias);
        }
        // The pool logs in by itself, and the last session closed logs the process out.
        token_.reset();
        if (load.count() > 0) {
            measure_aliases(list_, settings_, pin_.copy(), hsm_aliases(settings_), load);
        }
    }

  private:
    bool look_at_module() {
        const auto& file = settings_.hsm.module;
        if (auto configured = check_configured(settings_.hsm); !configured) {
            list_.fail("module", configured.error().message, "set hsm.module and hsm.token");
            return false;
        }
        if (std::error_code ec; !std::filesystem::is_regular_file(file, ec)) {
            list_.fail(
                "module",
                "no such file " + file.string(),
                "install the HSM's PKCS#11 library, or correct hsm.module"
            );
            return false;
        }
        const auto module = certs::Module::load(file);
        if (!module) {
            list_.fail(
                "module", module.error().message, "is the HSM's service running and reachable?"
            );
            return false;
        }
        CK_INFO info{};
        (void)(*module)->call().C_GetInfo(&info);
        list_.ok(
            "module",
            file.string() + ": " + field_text(info.libraryDescription) + " " +
                version_text(info.libraryVersion) + ", " + field_text(info.manufacturerID) +
                ", PKCS#11 " + version_text(info.cryptokiVersion)
        );
        return true;
    }

    /// By libp11, which is closed again before anything else is opened.
    bool look_at_slots() {
        const auto directory = certs::TokenDirectory::open(settings_.hsm.module);
        if (!directory) {
            list_.fail("slots", directory.error().message);
            return false;
        }
        std::string tokens;
        for (const auto& slot : directory->slots()) {
            for (const auto& token : slot.token) {
                tokens += (tokens.empty() ? "" : "; ") +
                          (token.initialised ? "'" + token.label + "'" : "one not initialised") +
                          (token.serial.empty() ? "" : " serial " + token.serial) +
                          (token.read_only ? ", read-only" : "") +
                          (token.initialised && token.login_required && !token.pin_set
                               ? ", no user PIN set"
                               : "");
            }
        }
        const std::string count = std::to_string(directory->slots().size()) +
                                  (directory->slots().size() == 1 ? " slot" : " slots");
        if (tokens.empty()) {
            list_.fail(
                "slots",
                count + ", no token in any",
                "is the HSM switched on, connected, and is this user allowed to use it?"
            );
            return false;
        }
        list_.ok("slots", count + ": " + tokens);
        return true;
    }

    bool look_at_token() {
        auto module = certs::Module::load(settings_.hsm.module);
        if (!module) {
            list_.fail("token", module.error().message);
            return false;
        }
        module_ = std::move(*module);
        const auto token = certs::find_token(*module_, settings_.hsm.token);
        if (!token) {
            list_.fail("token", token.error().message, "correct hsm.token");
            return false;
        }
        std::string what = "'" + token->label + "' in slot " + std::to_string(token->slot);
        what += !token->login_required() ? ", needs no login"
                : token->has_pin_pad()   ? ", PIN at its own pad"
                                         : ", needs a PIN";
        list_.ok("token", what);
        look_at_sessions(*token);
        return look_at_pin_state(*token);
    }

    void look_at_sessions(const certs::Token& token) {
        const std::size_t wanted = settings_.hsm.signers;
        const std::size_t possible = token.signers_out_of(wanted);
        const bool limited = token.max_sessions != CK_EFFECTIVELY_INFINITE &&
                             token.max_sessions != CK_UNAVAILABLE_INFORMATION;
        const std::string limit = limited ? "at most " + std::to_string(token.max_sessions)
                                          : std::string("no limit told");
        if (possible < wanted) {
            list_.warn(
                "sessions",
                limit + ": only " + std::to_string(possible) + " of hsm.signers " +
                    std::to_string(wanted) + " can sign",
                "set hsm.signers: " + std::to_string(possible) +
                    ", or close other users of the token"
            );
        } else {
            list_.ok("sessions", limit + ", hsm.signers " + std::to_string(wanted));
        }
    }

    bool look_at_pin_state(const certs::Token& token) {
        const std::string danger = certs::pin_danger(token);
        if (!danger.empty() && risk_ == certs::PinRisk::avoid) {
            list_.fail("PIN state", danger);
            return false;
        }
        const std::string state = certs::pin_state(*module_, token);
        if (!state.empty()) {
            list_.warn("PIN state", state, "a login with the right PIN clears this");
        } else if (token.login_required()) {
            list_.ok("PIN state", "not locked, no wrong ones counted");
        }
        return true;
    }

    bool get_pin() {
        auto pin = find_pin(settings_.hsm, risk_);
        if (!pin) {
            list_.fail("PIN", pin.error().message, "see hsm.pin in the configuration");
            return false;
        }
        pin_ = std::move(*pin);
        return true;
    }

    bool log_in() {
        const auto begun = Clock::now();
        auto token = certs::AdminToken::open(settings_.hsm, pin_.copy(), risk_);
        if (!token) {
            list_.fail("login", token.error().message, "see hsm.pin in the configuration");
            return false;
        }
        token_.emplace(std::move(*token));
        list_.ok("login", "took " + in_ms(Clock::now() - begun));
        return true;
    }

    void look_at_mechanisms() {
        constexpr std::array<std::pair<CK_MECHANISM_TYPE, const char*>, 5> wanted{
            {{CKM_RSA_PKCS_PSS, "RSA-PSS"},
             {CKM_RSA_X_509, "raw RSA"},
             {CKM_RSA_PKCS, "RSA PKCS#1"},
             {CKM_ECDSA, "ECDSA"},
             {CKM_EDDSA, "EdDSA"}}};
        std::string there;
        std::string missing;
        for (const auto& [type, name] : wanted) {
            CK_MECHANISM_INFO info{};
            const bool has =
                module_->call().C_GetMechanismInfo(token_->token().slot, type, &info) == CKR_OK &&
                (info.flags & CKF_SIGN) != 0;
            std::string& list = has ? there : missing;
            list += (list.empty() ? "" : ", ") + std::string(name);
        }
        const std::string text =
            there + (missing.empty() ? "" : (there.empty() ? "" : "; ") + ("not " + missing));
        if (there.empty()) {
            list_.fail("mechanisms", "none that TLS could use", "use another token");
        } else {
            list_.ok("mechanisms", text);
        }
        std::string types;
        for (const auto& spec : certs::key_specs()) {
            if (certs::check_generation(*module_, token_->token(), spec)) {
                types += (types.empty() ? "" : ", ") + std::string(spec.name);
            }
        }
        list_.ok("key types", types.empty() ? "it makes no keys for TLS itself" : types);
    }

    Checklist& list_;
    const config::Settings& settings_;
    const certs::PinRisk risk_;
    std::shared_ptr<certs::Module> module_;
    certs::Secret pin_;
    std::optional<certs::AdminToken> token_;
};

/// The module is tried out in the same confinement as the service's.
void enter_sandbox(Checklist& list, const Arguments& arguments, const config::Settings& settings) {
    for (const auto& step : runtime::enter_sandbox(settings, config_file(arguments))) {
        if (step.done) {
            list.ok("sandbox", step.text);
        } else {
            list.warn("sandbox", step.text, "the service runs without; set the key to false");
        }
    }
}

void look_at_fips(Checklist& list) {
    const std::string error = tls::use_fips();
    if (error.empty()) {
        list.ok("FIPS", "OpenSSL's FIPS provider passes its self test");
    } else {
        list.fail("FIPS", error);
    }
}

}  // namespace

int doctor(const Arguments& arguments) {
    prepare_process();
    std::chrono::milliseconds load{0};
    if (const auto typed = arguments.value("--load")) {
        const auto parsed = config::parse_duration(*typed);
        if (!parsed || parsed->count() == 0) {
            fail("--load " + *typed + ": " + (parsed ? "must not be 0" : parsed.error()));
            return runtime::exit_usage;
        }
        load = *parsed;
    }
    const auto loaded = load_all(arguments);
    if (!loaded) {
        return runtime::exit_usage;
    }
    if (!loaded->settings.needs_hsm() && loaded->settings.hsm.module.empty()) {
        std::cout << "no enabled protocol has its key in an HSM: nothing to examine\n";
        return runtime::exit_done;
    }
    // What is found should hold for "serve", which gives up root before it touches the HSM.
    if (::geteuid() == 0) {
        if (const auto dropped = runtime::drop_to(loaded->settings.user); !dropped) {
            return fail(dropped.error());
        }
    }
    const auto risk = arguments.has("--force") ? certs::PinRisk::accept : certs::PinRisk::avoid;
    const auto tokens = for_each_token(loaded->settings);
    Checklist list;
    enter_sandbox(list, arguments, loaded->settings);
    if (loaded->settings.tls.fips) {
        look_at_fips(list);
    }
    for (const config::Settings& settings : tokens) {
        if (tokens.size() > 1) {
            std::cout << "-- token " << settings.hsm.token << '\n';
        }
        Doctor(list, settings, risk).run(load);
    }
    if (list.failed() && loaded->settings.sandbox.landlock) {
        std::cout
            << "is it the sandbox? Try again with --set sandbox.landlock=false; what the module "
               "needs goes into sandbox.read and sandbox.write\n";
    }
    std::cout << "doctor: " << list.summary() << '\n';
    return list.failed() ? runtime::exit_failed : runtime::exit_done;
}

}  // namespace hsmfront::commands
