// The command cert show.
#include "certs/certificate_text.hpp"
#include "certs/chain.hpp"
#include "certs/key_spec.hpp"
#include "certs/token_directory.hpp"
#include "certs/token_objects.hpp"
#include "proxy/commands/configuration.hpp"
#include "proxy/commands/handlers.hpp"
#include "proxy/commands/terminal.hpp"
#include "proxy/commands/token_access.hpp"
#include "proxy/runtime/exit_code.hpp"

#include <openssl/err.h>

#include <ctime>
#include <iostream>

namespace hsmfront::commands {
namespace {

using certs::Loaded;
using certs::X509Ptr;

std::string joined(const std::vector<std::string>& parts) {
    std::string text;
    for (const std::string& part : parts) {
        text += (text.empty() ? "" : ", ") + part;
    }
    return text.empty() ? "none" : text;
}

void line(const char* name, const std::string& value) {
    std::string label(name);
    label.resize(13, ' ');
    std::cout << "     " << label << printable(value) << '\n';
}

void print(const X509* certificate, std::size_t number) {
    const auto now = std::time(nullptr);
    const int days = certs::days_left(certificate, now);
    EVP_PKEY* key = X509_get0_pubkey(certificate);
    std::cout << "  " << number << ". " << printable(certs::subject_text(certificate)) << '\n';
    line("issuer", certs::issuer_text(certificate));
    line("names", joined(certs::names_of(certificate)));
    line("key", key != nullptr ? certs::describe_key(key) : "unknown");
    line("serial", certs::serial_text(certificate));
    line(
        "valid",
        certs::time_text(X509_get0_notBefore(certificate)) + " to " +
            certs::time_text(X509_get0_notAfter(certificate)) +
            (days < 0                                 ? ", EXPIRED"
             : certs::not_yet_valid(certificate, now) ? ", NOT YET VALID"
                                                      : ", " + std::to_string(days) + " days left")
    );
    line("SHA-256", certs::fingerprint(certificate));
    ERR_clear_error();
}

/// The public key of `alias` as the token shows it without a login; empty if it does not.
certs::EvpPkeyPtr public_key(const config::Hsm& settings, const std::string& alias) {
    const auto module = certs::Module::load(settings.module);
    if (!module) {
        return nullptr;
    }
    const auto token = certs::find_token(**module, settings.token);
    if (!token) {
        return nullptr;
    }
    const auto session = certs::Session::open(*module, token->slot);
    if (!session) {
        return nullptr;
    }
    CK_OBJECT_CLASS kind = CKO_PUBLIC_KEY;
    const certs::Bytes label(reinterpret_cast<const std::uint8_t*>(alias.data()), alias.size());
    const auto found = session->find(
        {certs::attribute_of(CKA_CLASS, kind), certs::attribute_of(CKA_LABEL, label)}, 2
    );
    if (!found || found->size() != 1) {
        return nullptr;
    }
    const auto type = certs::key_type(*session, found->front());
    auto key = type ? certs::find_public_half(*session, found->front(), alias, *type)
                    : Result<certs::EvpPkeyPtr>(type.error());
    return key ? std::move(*key) : nullptr;
}

void print_match(X509* leaf, EVP_PKEY* key) {
    if (key == nullptr) {
        std::cout << "  key: not checked, the token shows no public key of that label without a "
                     "login\n";
        return;
    }
    EVP_PKEY* certified = X509_get0_pubkey(leaf);
    const bool same = certified != nullptr && EVP_PKEY_eq(certified, key) == 1;
    ERR_clear_error();
    std::cout
        << (same ? "  key: matches the key in the token\n"
                 : "  key: DOES NOT MATCH the key in the token\n");
}

void print_chain(const std::vector<X509Ptr>& chain, EVP_PKEY* key) {
    for (std::size_t i = 0; i < chain.size(); ++i) {
        print(chain[i].get(), i + 1);
    }
    print_match(chain.front().get(), key);
}

/// Certificates under `alias`; the key's own one first, as far as it is known.
std::vector<X509Ptr> in_token(
    const config::Hsm& settings, const std::string& alias, EVP_PKEY* key
) {
    auto listed = certs::list_certificates(settings.module, settings.token);
    if (!listed) {
        warn(listed.error().message);
        return {};
    }
    std::vector<X509Ptr> found;
    for (auto& entry : *listed) {
        if (entry.label == alias) {
            EVP_PKEY* certified = X509_get0_pubkey(entry.certificate.get());
            const bool leaf =
                key != nullptr && certified != nullptr && EVP_PKEY_eq(certified, key) == 1;
            found.insert(leaf ? found.begin() : found.end(), std::move(entry.certificate));
        }
    }
    ERR_clear_error();
    return found;
}

/// True if there was a chain in the file.
bool show_file(const std::filesystem::path& file, EVP_PKEY* key) {
    std::error_code ignored;
    std::cout << file.string() << ":\n";
    if (!std::filesystem::exists(file, ignored)) {
        std::cout << "  no such file\n";
        return false;
    }
    const auto chain = certs::read_chain(file);
    if (!chain) {
        std::cout << "  " << chain.error().message << '\n';
        return false;
    }
    print_chain(chain->certificates, key);
    return true;
}

}  // namespace

int cert_show(const Arguments& arguments) {
    prepare_process();
    const std::string& alias = arguments.operands().front();
    const auto settings = load_for_keys(arguments);
    if (!settings) {
        return runtime::exit_usage;
    }
    const bool token = check_configured(settings->hsm).has_value();
    const certs::EvpPkeyPtr key = token ? public_key(settings->hsm, alias) : nullptr;
    bool any = show_file(settings->certificates / (alias + ".pem"), key.get());
    if (token) {
        const auto stored = in_token(settings->hsm, alias, key.get());
        std::cout << "token '" << settings->hsm.token << "':\n";
        if (stored.empty()) {
            std::cout << "  no certificate of that label\n";
        } else {
            print_chain(stored, key.get());
        }
        any = any || !stored.empty();
    }
    return any ? runtime::exit_done : runtime::exit_failed;
}

}  // namespace hsmfront::commands
