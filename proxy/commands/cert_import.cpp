// The command cert import.
#include "certs/admin_token.hpp"
#include "certs/certificate_file.hpp"
#include "certs/certificate_store.hpp"
#include "certs/certificate_text.hpp"
#include "certs/chain_builder.hpp"
#include "certs/ckr.hpp"
#include "certs/errc.hpp"
#include "certs/key_pair.hpp"
#include "proxy/commands/configuration.hpp"
#include "proxy/commands/handlers.hpp"
#include "proxy/commands/terminal.hpp"
#include "proxy/commands/token_access.hpp"
#include "proxy/runtime/exit_code.hpp"
#include "proxy/runtime/protocol.hpp"

#include <algorithm>
#include <ctime>
#include <iostream>
#include <optional>

namespace hsmfront::commands {
namespace {

using certs::Failure;
using certs::Loaded;
using Certificates = std::vector<certs::X509Ptr>;

/// The key that the certificate must be for: in the token, or in a file where the protocols that
/// use the alias have hsm.enabled: false.
struct Key {
    std::optional<certs::AdminToken> token;
    certs::EvpPkeyPtr own;
};

bool key_is_a_file(const config::Settings& settings, const std::string& alias) {
    bool file = false;
    for (const auto protocol : runtime::all_protocols) {
        const auto& used = runtime::aliases(settings, protocol);
        if (std::find(used.begin(), used.end(), alias) != used.end()) {
            if (runtime::uses_hsm(settings, protocol)) {
                return false;
            }
            file = true;
        }
    }
    return file;
}

/// The alias's key in the token. One whose public half the token does not show is recognised by a
/// test signature that fits one of the certificates.
Loaded<std::shared_ptr<const certs::TokenKey>> find_in_token(
    const certs::AdminToken& token, const std::string& alias, const Certificates& given
) {
    auto found = token.find_key(alias);
    for (std::size_t i = 0; i < given.size() && !found; ++i) {
        if (found.error().code != certs::Errc::key_unsupported) {
            return found;
        }
        if (auto other = token.find_key(alias, X509_get0_pubkey(given[i].get()))) {
            found = std::move(other);
        }
    }
    return found;
}

Loaded<Key> find_key(
    const config::Settings& settings, const std::string& alias, const Certificates& given
) {
    Key key;
    if (key_is_a_file(settings, alias)) {
        auto read = certs::read_private_key(settings.certificates / (alias + ".key"));
        if (!read) {
            return read.error();
        }
        key.own = std::move(*read);
        return key;
    }
    auto token = open_token(settings.hsm);
    if (!token) {
        return token.error();
    }
    auto found = find_in_token(*token, alias, given);
    if (!found) {
        return found.error();
    }
    EVP_PKEY_up_ref((*found)->public_key.get());
    key.own.reset((*found)->public_key.get());
    key.token.emplace(std::move(*token));
    return key;
}

Loaded<Certificates> read_all(const std::vector<std::string>& files) {
    Certificates all;
    for (const std::string& file : files) {
        auto found = certs::read_certificates(file);
        if (!found) {
            return found.error();
        }
        std::move(found->begin(), found->end(), std::back_inserter(all));
    }
    return all;
}

/// Tokens that keep no certificates are no failure: the file is what "serve" reads first.
void store_in_token(
    const certs::AdminToken& token, const std::string& alias, const certs::Chain& chain
) {
    const std::string where = "token '" + printable(token.token().label) + "'";
    const auto session = token.open_read_write();
    const auto stored =
        session ? certs::store_chain(*session, alias, chain) : Result<void>(session.error());
    if (stored) {
        std::cout << "stored in " << where << '\n';
    } else {
        warn(
            "not stored in " + where + ": " + stored.error().message() +
            "; the file is enough to serve"
        );
    }
}

void print_chain(const certs::BuiltChain& built) {
    const Certificates& certificates = built.chain.certificates;
    for (std::size_t i = 0; i < certificates.size(); ++i) {
        const X509* certificate = certificates[i].get();
        std::cout << "  " << i + 1 << ". " << certs::subject_text(certificate) << ", "
                  << certs::days_left(certificate, std::time(nullptr)) << " days left\n";
    }
    for (const std::string& warning : built.warnings) {
        warn(warning);
    }
}

int import_chain(
    const config::Settings& settings, const std::string& alias, const Arguments& arguments
) {
    const auto& operands = arguments.operands();
    auto given = read_all({operands.begin() + 1, operands.end()});
    auto authorities = read_all(arguments.values("--ca"));
    if (!given || !authorities) {
        return fail(given ? authorities.error() : given.error());
    }
    const auto key = find_key(settings, alias, *given);
    if (!key) {
        return fail(key.error());
    }
    const auto built = certs::build_chain(
        key->own.get(), {std::move(*given), std::move(*authorities), alias, std::time(nullptr)}
    );
    if (!built) {
        return fail(built.error());
    }
    const auto file = settings.certificates / (alias + ".pem");
    if (auto written = certs::replace_file(file, certs::pem_of(built->chain.certificates));
        !written) {
        return fail(written.error());
    }
    std::cout << "chain of alias '" << alias << "' written: " << file.string() << '\n';
    print_chain(*built);
    if (key->token && !arguments.has("--no-token")) {
        store_in_token(*key->token, alias, built->chain);
    }
    return runtime::exit_done;
}

}  // namespace

int cert_import(const Arguments& arguments) {
    prepare_process();
    const std::string& alias = arguments.operands().front();
    if (auto good = certs::check_alias(alias); !good) {
        fail(good.error());
        return runtime::exit_usage;
    }
    const auto settings = load_for_keys(arguments);
    if (!settings) {
        return runtime::exit_usage;
    }
    if (settings->certificates.empty()) {
        fail("certificates is missing in the configuration: the folder of <alias>.pem");
        return runtime::exit_usage;
    }
    return import_chain(*settings, alias, arguments);
}

}  // namespace hsmfront::commands
