// Children by fork and exec, awaited through a pidfd.
#include "tests/harness/process.hpp"

#include "tests/harness/files.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <stdexcept>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace hsmfront::test {
namespace {

std::vector<char*> pointers(std::vector<std::string>& strings) {
    std::vector<char*> result;
    for (auto& string : strings) {
        result.push_back(string.data());
    }
    result.push_back(nullptr);
    return result;
}

std::vector<std::string> environment(const std::map<std::string, std::string>& added) {
    std::vector<std::string> result;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string text = *entry;
        if (!added.contains(text.substr(0, text.find('=')))) {
            result.push_back(text);
        }
    }
    for (const auto& [name, value] : added) {
        result.push_back(name + "=" + value);
    }
    return result;
}

int open_output(const std::filesystem::path& path) {
    const char* name = path.empty() ? "/dev/null" : path.c_str();
    const int fd = ::open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0) {
        throw std::system_error(errno, std::generic_category(), name);
    }
    return fd;
}

struct Descriptors {
    int in;
    int out;
    int error;
    int terminal;
};

/// Between fork and exec: async-signal-safe calls only.
[[noreturn]] void become(
    char* const* argv, char* const* env, const char* directory, const Descriptors& fds, pid_t parent
) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) {
        ::_exit(127);
    }
    ::setsid();
    if (fds.terminal >= 0) {
        ::ioctl(fds.terminal, TIOCSCTTY, 0);
    }
    ::dup2(fds.in, 0);
    ::dup2(fds.out, 1);
    ::dup2(fds.error, 2);
    if (*directory != '\0' && ::chdir(directory) != 0) {
        ::_exit(127);
    }
    ::execvpe(argv[0], argv, env);
    ::_exit(127);
}

}  // namespace

Process::Process(const Command& command) {
    auto arguments = command.argv;
    auto variables = environment(command.env);
    const auto argv = pointers(arguments);
    const auto env = pointers(variables);
    const std::string directory = command.directory.string();
    const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    const int out = open_output(command.output);
    const int error = command.error.empty() ? ::dup(out) : open_output(command.error);
    const int in = command.terminal >= 0 ? command.terminal : null;
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ == 0) {
        const Descriptors fds{in, out, error, command.terminal};
        become(argv.data(), env.data(), directory.c_str(), fds, parent);
    }
    ::close(null);
    ::close(out);
    ::close(error);
    if (pid_ < 0) {
        throw std::system_error(errno, std::generic_category(), "fork");
    }
    // glibc 2.36 declares pidfd_open without extern "C".
    pidfd_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
}

Process::~Process() {
    // Children of a child that has ended are in its group still.
    ::kill(-pid_, SIGKILL);
    wait(10s);
    ::close(pidfd_);
}

void Process::signal(int number) const {
    if (!status_) {
        ::kill(pid_, number);
    }
}

std::optional<int> Process::wait(milliseconds limit) {
    if (status_) {
        return status_;
    }
    pollfd waiting{pidfd_, POLLIN, 0};
    if (::poll(&waiting, 1, static_cast<int>(limit.count())) <= 0) {
        return std::nullopt;
    }
    int status = 0;
    if (::waitpid(pid_, &status, 0) != pid_) {
        throw std::system_error(errno, std::generic_category(), "waitpid");
    }
    dumped_core_ = WIFSIGNALED(status) && WCOREDUMP(status);
    status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return status_;
}

int Process::stop(milliseconds limit) {
    signal(SIGTERM);
    if (const auto code = wait(limit)) {
        return *code;
    }
    signal(SIGKILL);
    return wait(10s).value_or(-1);
}

Outcome run(
    const std::vector<std::string>& argv,
    milliseconds limit,
    const std::map<std::string, std::string>& env
) {
    const TempDir scratch;
    Command command;
    command.argv = argv;
    command.env = env;
    command.output = scratch.path() / "out";
    command.error = scratch.path() / "error";
    Process client(command);
    Outcome outcome;
    outcome.code = client.wait(limit).value_or(-1);
    outcome.out = text_of(command.output);
    outcome.error = text_of(command.error);
    return outcome;
}

void pause_between_polls() { std::this_thread::sleep_for(10ms); }

}  // namespace hsmfront::test
