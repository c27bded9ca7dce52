// Secrets that a test knows, because it made them, and where to look for them.
#include "tests/fault/secrets.hpp"

#include "certs/handle.hpp"
#include "tests/harness/process.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/pem.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <memory>
#include <set>
#include <stdexcept>

namespace hsmfront::test {
namespace {

namespace fs = std::filesystem;

void must_run(const std::vector<std::string>& argv, const Token* token = nullptr) {
    const auto done = token != nullptr ? run(argv, 60s, token->environment()) : run(argv);
    if (done.code != 0) {
        throw std::runtime_error(argv.front() + ": " + done.out + done.error);
    }
}

const std::string internal_ca = HSMFRONT_SOURCE_DIR "/certs/internal-ca.sh";

certs::EvpPkeyPtr read_key(const fs::path& file) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> in(
        std::fopen(file.c_str(), "re"), std::fclose
    );
    certs::EvpPkeyPtr key(in ? PEM_read_PrivateKey(in.get(), nullptr, nullptr, nullptr) : nullptr);
    if (!key) {
        throw std::runtime_error("no private key in " + file.string());
    }
    return key;
}

/// Adds a number of the key, if it has one of that name.
void add(KeyNumbers& numbers, EVP_PKEY* key, const char* name) {
    BIGNUM* number = nullptr;
    if (EVP_PKEY_get_bn_param(key, name, &number) != 1) {
        return;
    }
    std::string bytes(static_cast<std::size_t>(BN_num_bytes(number)), '\0');
    BN_bn2bin(number, reinterpret_cast<unsigned char*>(bytes.data()));
    BN_clear_free(number);
    if (bytes.size() > 32) {
        bytes = bytes.substr(bytes.size() / 2 - 16, 32);
    }
    numbers.emplace_back(name, bytes);
    std::reverse(bytes.begin(), bytes.end());
    numbers.emplace_back(std::string(name) + " reversed", bytes);
}

}  // namespace

void change_pin(const Token& token, const std::string& old_pin, const std::string& new_pin) {
    must_run(
        {"pkcs11-tool",
         "--module",
         Token::module,
         "--token-label",
         Token::label,
         "--login",
         "--pin",
         old_pin,
         "--change-pin",
         "--new-pin",
         new_pin},
        &token
    );
}

fs::path make_key(const std::string& alias, const fs::path& folder, const fs::path& ca) {
    if (!fs::exists(ca)) {
        must_run({internal_ca, "init", ca.string()});
    }
    const auto key = folder / (alias + ".key");
    const auto pub = folder / (alias + ".pub");
    const bool rsa = alias == "rsa";
    must_run(
        {"openssl",
         "genpkey",
         "-quiet",
         "-algorithm",
         rsa ? "RSA" : "EC",
         "-pkeyopt",
         rsa ? "rsa_keygen_bits:2048" : "ec_paramgen_curve:P-256",
         "-out",
         key.string()}
    );
    must_run({"openssl", "pkey", "-in", key.string(), "-pubout", "-out", pub.string()});
    must_run(
        {internal_ca,
         "sign",
         ca.string(),
         "--public-key",
         pub.string(),
         "--subject",
         "/CN=localhost",
         "--san",
         "DNS:localhost,IP:127.0.0.1",
         (folder / (alias + ".pem")).string()}
    );
    return key;
}

void import_key(
    const Token& token, const std::string& pin, const std::string& label, const fs::path& key_file
) {
    must_run(
        {"softhsm2-util",
         "--import",
         key_file.string(),
         "--token",
         Token::label,
         "--label",
         label,
         "--id",
         "77",
         "--pin",
         pin},
        &token
    );
}

KeyNumbers private_numbers(const fs::path& key_file) {
    const auto key = read_key(key_file);
    KeyNumbers numbers;
    for (const char* name :
         {OSSL_PKEY_PARAM_RSA_D,
          OSSL_PKEY_PARAM_RSA_FACTOR1,
          OSSL_PKEY_PARAM_RSA_FACTOR2,
          OSSL_PKEY_PARAM_RSA_EXPONENT1,
          OSSL_PKEY_PARAM_RSA_EXPONENT2,
          OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
          OSSL_PKEY_PARAM_PRIV_KEY}) {
        add(numbers, key.get(), name);
    }
    return numbers;
}

std::pair<std::vector<Sighting>, std::vector<Sighting>> by_dumping(std::vector<Sighting> sightings
) {
    const auto kept_out = std::stable_partition(
        sightings.begin(), sightings.end(), [](const Sighting& one) { return one.in_core_file; }
    );
    return {{sightings.begin(), kept_out}, {kept_out, sightings.end()}};
}

std::vector<fs::path> files_of(pid_t process, const fs::path& folder) {
    std::set<fs::path> files;
    const auto proc = fs::path("/proc") / std::to_string(process);
    for (const auto& entry : fs::directory_iterator(proc / "fd")) {
        std::error_code closed_meanwhile;
        files.insert(fs::read_symlink(entry.path(), closed_meanwhile));
    }
    std::ifstream maps(proc / "maps");
    for (std::string line; std::getline(maps, line);) {
        if (const auto slash = line.find('/'); slash != std::string::npos) {
            files.insert(line.substr(slash));
        }
    }
    const std::set<std::string> others{"token", "server", "vsftpd", "nginx", "ca"};
    for (auto entry = fs::recursive_directory_iterator(folder);
         entry != fs::recursive_directory_iterator();
         ++entry) {
        if (entry.depth() == 0 && others.contains(entry->path().filename().string())) {
            entry.disable_recursion_pending();
        }
        files.insert(entry->path());
    }
    std::vector<fs::path> regular;
    std::copy_if(files.begin(), files.end(), std::back_inserter(regular), [](const fs::path& file) {
        std::error_code gone;
        return fs::is_regular_file(file, gone);
    });
    return regular;
}

}  // namespace hsmfront::test
