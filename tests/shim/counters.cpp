#include "counters.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace hsmfront::shim {
namespace {

constexpr std::size_t file_size = sizeof(Counter) * counter_count;

constexpr std::array<const char*, counter_count> counter_names{
    "inits",
    "finalizes",
    "opens",
    "closes",
    "logins",
    "context_logins",
    "sign_inits",
    "signs",
    "signs_failed",
    "signing_now",
    "last_mechanism",
    "control_seen",
    "stalled_first",
    "failed_first",
};

void* map_memory() {
    const char* path = std::getenv("HSMFRONT_SHIM_COUNTERS");
    if (path == nullptr) {
        return ::mmap(
            nullptr, file_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0
        );
    }
    const int fd = ::open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ::ftruncate(fd, static_cast<off_t>(file_size)) != 0) {
        std::perror("hsmfront_pkcs11_shim: HSMFRONT_SHIM_COUNTERS");
        std::abort();
    }
    void* memory = ::mmap(nullptr, file_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    (void)::close(fd);
    return memory;
}

}  // namespace

Counters::Counters() {
    void* memory = map_memory();
    if (memory == MAP_FAILED) {
        std::perror("hsmfront_pkcs11_shim: mmap");
        std::abort();
    }
    records_ = static_cast<Counter*>(memory);
    for (unsigned i = 0; i < counter_count; ++i) {
        (void)std::snprintf(records_[i].name, sizeof(records_[i].name), "%s", counter_names[i]);
    }
}

Counters::~Counters() { (void)::munmap(records_, file_size); }

}  // namespace hsmfront::shim
