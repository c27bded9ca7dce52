// The commands key generate, key list and key delete.
#include "certs/certificate_text.hpp"
#include "certs/errc.hpp"
#include "certs/key_list.hpp"
#include "certs/key_pair.hpp"
#include "certs/token_directory.hpp"
#include "proxy/commands/configuration.hpp"
#include "proxy/commands/handlers.hpp"
#include "proxy/commands/terminal.hpp"
#include "proxy/commands/token_access.hpp"
#include "proxy/runtime/exit_code.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <iostream>
#include <set>

namespace hsmfront::commands {
namespace {

using certs::Failure;
using certs::Loaded;

Failure in_token(const std::string& what, const error_code& error) {
    return Failure{error, what + ": " + error.message()};
}

std::string id_text(const std::vector<std::uint8_t>& id) {
    return id.empty() ? "-" : certs::hex(id.data(), id.size());
}

/// `spec` under `alias`, after everything that could speak against it has been looked at.
Loaded<std::shared_ptr<const certs::TokenKey>> generate(
    const certs::AdminToken& token, const std::string& alias, const certs::KeySpec& spec
) {
    const auto held = certs::what_holds(token.session(), alias);
    if (!held) {
        return in_token("searching the alias", held.error());
    }
    if (!held->empty()) {
        return Failure{
            certs::Errc::key_ambiguous,
            "alias '" + alias + "' is in use: token '" + token.token().label + "' has " + *held +
                " of that label; choose another alias, or delete it by 'hsmfront key delete'"};
    }
    if (auto able = certs::check_generation(token.module(), token.token(), spec); !able) {
        return able.error();
    }
    Loaded<std::shared_ptr<const certs::TokenKey>> key = Failure{};
    run_with_progress(
        "making a key of type " + std::string(spec.name) + " in token '" + token.token().label +
            "'",
        [&] { key = certs::generate_key(token, alias, spec); }
    );
    return key;
}

void describe_new_key(const certs::AdminToken& token, const certs::TokenKey& key) {
    std::string id = "-";
    if (const auto handle = certs::find_private_key(token.session(), key.alias)) {
        if (const auto bytes = token.session().attribute(*handle, CKA_ID)) {
            id = id_text(*bytes);
        }
    }
    std::cout << "key '" << key.alias << "' made in token '" << printable(token.token().label)
              << "': " << certs::describe_key(key.public_key.get())
              << ", sensitive, not extractable, id " << id << '\n';
}

/// The certificate that "serve" would use: of the file, else of the token. Null: neither has one.
struct Certificates {
    const config::Settings& settings;
    std::vector<certs::ListedCertificate> in_token;

    /// Of several, the key's own one (the others are its issuers).
    [[nodiscard]] certs::X509Ptr of(const std::string& alias, EVP_PKEY* key) const {
        if (auto chain = certs::read_chain(settings.certificates / (alias + ".pem"))) {
            return std::move(chain->certificates.front());
        }
        const certs::ListedCertificate* best = nullptr;
        for (const auto& listed : in_token) {
            if (listed.label == alias && (best == nullptr || matches(listed.certificate, key))) {
                best = &listed;
            }
        }
        if (best == nullptr) {
            return nullptr;
        }
        X509_up_ref(best->certificate.get());
        return certs::X509Ptr(best->certificate.get());
    }

    static bool matches(const certs::X509Ptr& certificate, EVP_PKEY* key) {
        EVP_PKEY* certified = X509_get0_pubkey(certificate.get());
        const bool same =
            key != nullptr && certified != nullptr && EVP_PKEY_eq(certified, key) == 1;
        ERR_clear_error();
        return same;
    }
};

std::string protection_text(const certs::KeyProtection& protection) {
    return std::string(protection.sensitive ? "sensitive" : "NOT SENSITIVE") +
           (protection.extractable         ? ", EXTRACTABLE"
            : protection.never_extractable ? ", never extractable"
                                           : ", not extractable");
}

std::string validity_text(const X509* certificate) {
    const int days = certs::days_left(certificate, std::time(nullptr));
    return certs::subject_text(certificate) +
           (days < 0 ? ", EXPIRED" : ", " + std::to_string(days) + " days left");
}

std::vector<std::string> row_of(const certs::ListedKey& key, const Certificates& certificates) {
    const auto certificate = certificates.of(key.alias, key.public_key.get());
    const bool matches = certificate && Certificates::matches(certificate, key.public_key.get());
    return {
        key.alias,
        key.type,
        protection_text(key.protection),
        certificate ? validity_text(certificate.get()) : "none",
        !certificate || !key.public_key ? "-"
        : matches                       ? "yes"
                                        : "NO",
        id_text(key.id)};
}

int list(const config::Settings& settings) {
    // libp11 first: it ends by closing the module for the whole process.
    Certificates certificates{settings, {}};
    auto listed = certs::list_certificates(settings.hsm.module, settings.hsm.token);
    if (listed) {
        certificates.in_token = std::move(*listed);
    } else {
        warn(listed.error().message);
    }
    const auto token = open_token(settings.hsm);
    if (!token) {
        return fail(token.error());
    }
    const auto keys = certs::list_keys(token->session());
    if (!keys) {
        return fail(in_token("listing keys", keys.error()));
    }
    std::vector<std::vector<std::string>> rows{
        {"ALIAS", "TYPE", "PROTECTION", "CERTIFICATE", "MATCHES", "ID"}};
    std::set<std::string> seen;
    for (const auto& key : *keys) {
        rows.push_back(row_of(key, certificates));
        seen.insert(key.alias);
    }
    for (const auto& orphan : certificates.in_token) {
        if (seen.insert(orphan.label).second) {
            rows.push_back(
                {orphan.label, "no key", "", validity_text(orphan.certificate.get()), "-", ""}
            );
        }
    }
    std::cout << "token '" << printable(token->token().label) << "': " << keys->size()
              << (keys->size() == 1 ? " private key\n" : " private keys\n");
    if (rows.size() > 1) {
        std::cout << table_text(rows);
    }
    return runtime::exit_done;
}

bool used_by_configuration(const config::Settings& settings, const std::string& alias) {
    const auto within = [&alias](const std::vector<std::string>& aliases) {
        return std::find(aliases.begin(), aliases.end(), alias) != aliases.end();
    };
    return within(settings.ftp.aliases) || within(settings.http.aliases);
}

/// The question before deleting; exit_done to go on.
int ask_to_delete(
    const config::Settings& settings, const std::string& alias, const certs::Token& token
) {
    const auto answer = confirm(
        "Delete key '" + alias + "' from token '" + printable(token.label) + "' for good?" +
        (used_by_configuration(settings, alias) ? " The configuration uses it." : "")
    );
    if (!answer) {
        fail("no terminal to ask at; say --yes to delete key '" + alias + "'");
        return runtime::exit_usage;
    }
    if (!*answer) {
        return fail("not deleted");
    }
    return runtime::exit_done;
}

}  // namespace

int key_generate(const Arguments& arguments) {
    prepare_process();
    const std::string& alias = arguments.operands().front();
    const std::string type = arguments.value("--type").value_or("rsa:3072");
    const certs::KeySpec* spec = certs::find_key_spec(type);
    if (spec == nullptr) {
        fail("unknown key type \"" + type + "\"; see hsmfront key generate --help");
        return runtime::exit_usage;
    }
    if (auto good = certs::check_alias(alias); !good) {
        fail(good.error());
        return runtime::exit_usage;
    }
    const auto settings = load_for_keys(arguments);
    if (!settings) {
        return runtime::exit_usage;
    }
    const auto token = open_token(settings->hsm);
    if (!token) {
        return fail(token.error());
    }
    const auto key = generate(*token, alias, *spec);
    if (!key) {
        return fail(key.error());
    }
    describe_new_key(*token, **key);
    return runtime::exit_done;
}

int key_list(const Arguments& arguments) {
    prepare_process();
    const auto settings = load_for_keys(arguments);
    if (!settings) {
        return runtime::exit_usage;
    }
    if (auto configured = check_configured(settings->hsm); !configured) {
        return fail(configured.error());
    }
    return list(*settings);
}

int key_delete(const Arguments& arguments) {
    prepare_process();
    const std::string& alias = arguments.operands().front();
    const auto settings = load_for_keys(arguments);
    if (!settings) {
        return runtime::exit_usage;
    }
    const auto token = open_token(settings->hsm);
    if (!token) {
        return fail(token.error());
    }
    if (const auto handle = certs::find_private_key(token->session(), alias); !handle) {
        return fail(in_token("alias '" + alias + "'", handle.error()));
    }
    if (!arguments.has("--yes")) {
        if (const int asked = ask_to_delete(*settings, alias, token->token());
            asked != runtime::exit_done) {
            return asked;
        }
    }
    const auto deleted = certs::delete_key(*token, alias, arguments.has("--certificate"));
    if (!deleted) {
        return fail(deleted.error());
    }
    std::cout << "key '" << alias << "' deleted from token '" << printable(token->token().label)
              << "': " << deleted->private_keys << " private, " << deleted->public_keys
              << " public, " << deleted->certificates << " certificates\n";
    return runtime::exit_done;
}

}  // namespace hsmfront::commands
