#include "proxy/tls/fips.hpp"

#include "proxy/tls/openssl_error.hpp"

#include <openssl/conf.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/provider.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace hsmfront::tls {
namespace {

std::filesystem::path module_file() {
    const char* given = std::getenv("OPENSSL_MODULES");
    std::string folder = given != nullptr ? given : "";
    if (folder.empty()) {
        // MODULESDIR: "/usr/lib/x86_64-linux-gnu/ossl-modules", in quotes.
        folder = OpenSSL_version(OPENSSL_MODULES_DIR);
        const auto begin = folder.find('"');
        const auto end = folder.rfind('"');
        folder = begin < end ? folder.substr(begin + 1, end - begin - 1) : std::string();
    }
    return std::filesystem::path(folder) / "fips.so";
}

std::string configuration_file() {
    char* name = CONF_get1_default_config_file();
    std::string file = name != nullptr ? name : "openssl.cnf";
    OPENSSL_free(name);
    return file;
}

std::string unavailable(const std::string& what) {
    const std::string errors = drain_errors();
    return "OpenSSL's FIPS provider cannot be used: " + what +
           (errors.empty() ? "" : ": " + errors);
}

}  // namespace

std::string use_fips() {
    const auto file = module_file();
    if (std::error_code ec; !std::filesystem::is_regular_file(file, ec)) {
        return unavailable(
            "there is no " + file.string() +
            "; install it (or say with OPENSSL_MODULES where it is), let \"openssl fipsinstall\" "
            "write its section and include that in " +
            configuration_file() + ", or set tls.fips to false"
        );
    }
    // Its integrity check and self tests are run by this.
    OSSL_PROVIDER* const fips = OSSL_PROVIDER_load(nullptr, "fips");
    if (fips == nullptr) {
        return unavailable(
            file.string() + " does not start; " + configuration_file() +
            " must include what \"openssl fipsinstall -module " + file.string() +
            "\" writes and name it under [provider_sect] (fips = fips_sect)"
        );
    }
    // Readers of PEM and DER, without cryptography.
    if (OSSL_PROVIDER_load(nullptr, "base") == nullptr) {
        return unavailable("the provider \"base\", which belongs to it, does not start");
    }
    if (OSSL_PROVIDER_self_test(fips) != 1) {
        return unavailable("its self test fails");
    }
    if (EVP_default_properties_enable_fips(nullptr, 1) != 1) {
        return unavailable("it cannot be made the default");
    }
    return {};
}

}  // namespace hsmfront::tls
