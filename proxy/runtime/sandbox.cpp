#include "proxy/runtime/sandbox.hpp"

#include "config/tls_layers.hpp"
#include "proxy/runtime/log.hpp"
#include "proxy/runtime/privileges.hpp"
#include "proxy/runtime/spawn.hpp"
#include "proxy/runtime/system_call_filter.hpp"

#include <algorithm>
#include <cstdlib>
#include <link.h>
#include <optional>

namespace hsmfront::runtime {
namespace {

namespace fs = std::filesystem;
using Paths = std::vector<fs::path>;

/// `file` with its links resolved as far as it exists.
fs::path resolved(const fs::path& file) {
    std::error_code ec;
    auto path = fs::weakly_canonical(file, ec);
    return ec ? file : path;
}

/// Of a file, and of what it is a link to. A file in the root is named alone.
void add_folder(Paths& paths, const fs::path& file) {
    if (file.empty()) {
        return;
    }
    for (const auto& name : {fs::absolute(file), resolved(file)}) {
        const auto folder = name.parent_path();
        paths.push_back(folder == folder.root_path() ? name : folder);
    }
}

int add_library(dl_phdr_info* info, std::size_t, void* paths) {
    if (info->dlpi_name != nullptr && info->dlpi_name[0] == '/') {
        add_folder(*static_cast<Paths*>(paths), info->dlpi_name);
    }
    return 0;
}

/// Whatever the C library, OpenSSL and p11-kit may read at any time.
void add_system(FileRules& rules) {
    rules.execute.insert(rules.execute.end(), {"/usr", "/bin", "/lib", "/lib32", "/lib64"});
    // An upgrade starts what is there then.
    add_folder(rules.execute, CommandLine::present().program);
    // Of other processes /proc shows what a confined one cannot misuse (ptrace(2), landlock(7)).
    rules.read.insert(rules.read.end(), {"/etc", "/proc", "/sys/devices/system"});
    (void)::dl_iterate_phdr(add_library, &rules.read);
    // Often a link to a file of systemd-resolved's or NetworkManager's.
    add_folder(rules.read, "/etc/resolv.conf");
    for (const char* variable : {"OPENSSL_CONF", "CREDENTIALS_DIRECTORY", "OPENSSL_MODULES"}) {
        if (const char* value = std::getenv(variable); value != nullptr) {
            rules.read.emplace_back(value);
        }
    }
    for (const char* device : {"null", "zero", "full", "random", "urandom", "tty"}) {
        rules.write.push_back(fs::path("/dev") / device);
    }
}

void add_client_files(Paths& paths, const config::TlsPolicy::ClientCertificates& layer) {
    add_folder(paths, layer.ca.value_or(fs::path()));
    for (const auto& crl : layer.crl.value_or(Paths())) {
        add_folder(paths, crl);
    }
}

void add_layers(Paths& paths, const config::TlsLayers& layers) {
    for (const auto* policy : {layers.common, layers.protocol}) {
        add_client_files(paths, policy->client_certificate);
    }
    for (const auto* listener : layers.listeners) {
        add_client_files(paths, *listener);
    }
    for (const auto& host : *layers.hosts) {
        add_client_files(paths, host.tls.client_certificate);
    }
}

void add_token(Paths& paths, const fs::path& module, const config::PinSource& pin) {
    add_folder(paths, module);
    add_folder(paths, pin.file.value_or(fs::path()));
}

void add_configured(FileRules& rules, const config::Settings& settings) {
    Paths& read = rules.read;
    if (!settings.certificates.empty()) {
        read.push_back(settings.certificates);
    }
    for (const auto& keys : settings.tls.tickets.keys) {
        add_folder(read, keys);
        read.push_back(keys);
    }
    add_layers(read, config::ftp_tls_layers(settings));
    add_layers(read, config::http_tls_layers(settings));
    add_token(read, settings.hsm.module, settings.hsm.pin);
    for (const auto& other : settings.hsm.failover) {
        add_token(read, other.module, other.pin);
    }
    for (const auto& file : log_files(settings.log)) {
        add_folder(rules.write, file);
    }
    add_folder(rules.write, settings.admin.socket);
    add_folder(rules.write, settings.admin.listen.path);
    const auto& more = settings.sandbox;
    rules.execute.insert(rules.execute.end(), more.read.begin(), more.read.end());
    rules.write.insert(rules.write.end(), more.write.begin(), more.write.end());
}

bool beneath(const fs::path& path, const fs::path& folder) {
    return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first ==
           folder.end();
}

/// The kernel holds the confinement of this process and cannot be asked for it.
std::optional<FileRules>& rules_in_force() {
    static std::optional<FileRules> rules;
    return rules;
}

/// As the rules were resolved when the kernel got them.
void resolve_all(FileRules& rules) {
    for (Paths* paths : {&rules.read, &rules.execute, &rules.write}) {
        std::transform(paths->begin(), paths->end(), paths->begin(), resolved);
    }
}

SandboxStep filter_step() {
    if (const auto filtered = filter_system_calls(); !filtered) {
        return {false, "sandbox.seccomp is off: " + filtered.error().message};
    }
    return {true, "system calls that nothing here needs are denied (sandbox.seccomp)"};
}

SandboxStep files_step(FileRules rules) {
    const auto version = confine_files(rules);
    if (!version) {
        return {false, "sandbox.landlock is off: " + version.error().message};
    }
    resolve_all(rules);
    rules_in_force() = std::move(rules);
    return {
        true,
        "files that the configuration does not name cannot be opened (sandbox.landlock, version " +
            std::to_string(*version) + ")"};
}

}  // namespace

FileRules files_of(const config::Settings& settings, const fs::path& config_file) {
    FileRules rules;
    add_system(rules);
    add_folder(rules.read, config_file);
    add_configured(rules, settings);
    return rules;
}

std::vector<SandboxStep> enter_sandbox(
    const config::Settings& settings, const fs::path& config_file
) {
    std::vector<SandboxStep> steps;
    forbid_new_privileges();
    // Files first: the filter must not be what keeps them from being confined.
    if (settings.sandbox.landlock) {
        steps.push_back(files_step(files_of(settings, config_file)));
    }
    if (settings.sandbox.seccomp) {
        steps.push_back(filter_step());
    }
    return steps;
}

fs::path outside_sandbox(const config::Settings& next, const fs::path& config_file) {
    if (!rules_in_force()) {
        return {};
    }
    const FileRules& allowed = *rules_in_force();
    const auto in = [](const Paths& folders, const fs::path& path) {
        return std::any_of(folders.begin(), folders.end(), [&path](const fs::path& folder) {
            return beneath(path, folder);
        });
    };
    FileRules wanted = files_of(next, config_file);
    resolve_all(wanted);
    for (const auto& path : wanted.write) {
        if (!in(allowed.write, path)) {
            return path;
        }
    }
    for (const auto& path : wanted.read) {
        if (!in(allowed.read, path) && !in(allowed.execute, path) && !in(allowed.write, path)) {
            return path;
        }
    }
    return {};
}

}  // namespace hsmfront::runtime
