#include "control.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/stat.h>
#include <utility>

namespace hsmfront::shim {
namespace {

using Member = std::atomic<long> Switches::*;

constexpr auto names = std::to_array<std::pair<const char*, Member>>({
    {"delay_ms", &Switches::delay_ms},
    {"jitter_ms", &Switches::jitter_ms},
    {"stall", &Switches::stall},
    {"stall_first", &Switches::stall_first},
    {"fail_sign", &Switches::fail_sign},
    {"fail_sign_init", &Switches::fail_sign_init},
    {"fail_every", &Switches::fail_every},
    {"fail_first", &Switches::fail_first},
    {"down", &Switches::down},
    {"drop", &Switches::drop},
    {"max_sessions", &Switches::max_sessions},
    {"report_max_sessions", &Switches::report_max_sessions},
    {"no_pss", &Switches::no_pss},
    {"no_raw_rsa", &Switches::no_raw_rsa},
    {"hide_public", &Switches::hide_public},
    {"open_rv", &Switches::open_rv},
    {"init_rv", &Switches::init_rv},
    {"login_rv", &Switches::login_rv},
    {"token_flags", &Switches::token_flags},
    {"no_login", &Switches::no_login},
    {"only_slot", &Switches::only_slot},
    {"no_slots", &Switches::no_slots},
    {"extractable", &Switches::extractable},
});

/// Inode, size and time in one number: any rewrite of the file changes it.
std::uint64_t fingerprint(const char* path) {
    struct stat info {};
    if (::stat(path, &info) != 0) {
        return 1;
    }
    const auto mix = [](std::uint64_t sum, std::uint64_t next) {
        return (sum ^ next) * 0x100000001b3ULL;
    };
    std::uint64_t sum = mix(0xcbf29ce484222325ULL, info.st_ino);
    sum = mix(sum, static_cast<std::uint64_t>(info.st_size));
    sum = mix(sum, static_cast<std::uint64_t>(info.st_mtim.tv_sec));
    return mix(sum, static_cast<std::uint64_t>(info.st_mtim.tv_nsec));
}

std::size_t index_of(const char* name) {
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (std::strcmp(names.at(i).first, name) == 0) {
            return i;
        }
    }
    // A misspelt switch would make a test pass for the wrong reason.
    (void)std::fprintf(stderr, "hsmfront_pkcs11_shim: unknown switch '%s'\n", name);
    std::abort();
}

}  // namespace

Control::Control() : path_(std::getenv("HSMFRONT_SHIM_CONTROL")) {}

const Switches& Control::now() {
    if (path_ == nullptr) {
        return switches_;
    }
    if (fingerprint(path_) != seen_.load()) {
        const std::lock_guard lock(mutex_);
        // Again, since another thread may have been faster, and with a newer file.
        const std::uint64_t current = fingerprint(path_);
        if (current != seen_.load()) {
            parse();
            switches_.version = current;
            seen_.store(current);
        }
    }
    return switches_;
}

void Control::parse() {
    std::array<long, names.size()> values{};
    if (FILE* file = std::fopen(path_, "re")) {
        std::array<char, 256> line{};
        while (std::fgets(line.data(), static_cast<int>(line.size()), file) != nullptr) {
            char* equals = std::strchr(line.data(), '=');
            if (equals != nullptr && line[0] != '#') {
                *equals = '\0';
                values.at(index_of(line.data())) = std::strtol(equals + 1, nullptr, 0);
            }
        }
        (void)std::fclose(file);
    }
    // Only now, so that a call going on sees no switch off that is on before and after.
    for (std::size_t i = 0; i < names.size(); ++i) {
        switches_.*(names.at(i).second) = values.at(i);
    }
}

}  // namespace hsmfront::shim
