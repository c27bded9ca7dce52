#include "probe.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sched.h>
#include <spawn.h>
#include <string>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hsmfront::shim {
namespace {

void tell(const char* what, bool worked) {
    (void)std::fprintf(stderr, "probe %s: %s\n", what, worked ? "Success" : std::strerror(errno));
}

bool can_open(const std::string& file, int flags) {
    const int fd = ::open(file.c_str(), flags | O_CLOEXEC, 0600);
    return fd >= 0 && ::close(fd) == 0;
}

/// Flags that no kernel accepts together, so that it makes no process: EINVAL.
bool can_make_namespace() {
    return ::syscall(SYS_clone, CLONE_NEWUSER | CLONE_NEWNS | CLONE_FS, 0, 0, 0, 0) >= 0;
}

/// `PROGRAM version`, as p11-kit's client starts its server.
bool can_spawn(std::string program) {
    std::string word = "version";
    char* const arguments[] = {program.data(), word.data(), nullptr};
    pid_t child = 0;
    errno = ::posix_spawn(&child, program.c_str(), nullptr, nullptr, arguments, environ);
    int status = 0;
    return errno == 0 && ::waitpid(child, &status, 0) == child && status == 0;
}

}  // namespace

void probe_confinement() {
    const char* folder = std::getenv("HSMFRONT_SHIM_PROBE");
    if (folder == nullptr) {
        return;
    }
    const std::string inside = std::string(folder) + "/";
    tell("read", can_open(inside + "secret", O_RDONLY));
    tell("write", can_open(inside + "written", O_WRONLY | O_CREAT));
    tell("ptrace", ::ptrace(PTRACE_PEEKDATA, ::getpid(), nullptr, nullptr) != -1);
    tell("unshare", ::syscall(SYS_unshare, 0) == 0);
    tell("io_uring", ::syscall(SYS_io_uring_setup, 1, nullptr) >= 0);
    tell("namespace", can_make_namespace());
    tell("spawn", can_spawn(std::filesystem::read_symlink("/proc/self/exe")));
}

}  // namespace hsmfront::shim
