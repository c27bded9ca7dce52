#include "proxy/runtime/spawn.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <fstream>
#include <iterator>
#include <spawn.h>
#include <string_view>
#include <unistd.h>

namespace hsmfront::runtime {
namespace {

std::string own_file() {
    std::array<char, 4096> path{};
    const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
    return {path.data(), size < 0 ? 0 : static_cast<std::size_t>(size)};
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> all;
    for (auto& text : texts) {
        all.push_back(text.data());
    }
    all.push_back(nullptr);
    return all;
}

using Variables = std::vector<std::pair<std::string, std::string>>;

std::vector<std::string> environment_with(const Variables& variables) {
    std::vector<std::string> all;
    for (char** one = environ; *one != nullptr; ++one) {
        const std::string_view text = *one;
        const std::string_view name = text.substr(0, text.find('='));
        const bool ours = std::any_of(variables.begin(), variables.end(), [name](const auto& v) {
            return v.first == name;
        });
        if (!ours) {
            all.emplace_back(text);
        }
    }
    for (const auto& [name, value] : variables) {
        if (!value.empty()) {
            all.push_back(name + "=" + value);
        }
    }
    return all;
}

/// How posix_spawn(3) is to prepare the new process.
class Preparation {
  public:
    explicit Preparation(int channel) {
        ::posix_spawn_file_actions_init(&actions_);
        // The same number is no mistake: it is not closed on exec(3) then.
        ::posix_spawn_file_actions_adddup2(&actions_, channel, spawned_channel);
        // A vendor's module need not close its own on exec(3).
        ::posix_spawn_file_actions_addclosefrom_np(&actions_, spawned_channel + 1);
        ::posix_spawnattr_init(&attributes_);
        sigset_t set;
        sigemptyset(&set);
        ::posix_spawnattr_setsigmask(&attributes_, &set);
        sigaddset(&set, SIGPIPE);
        ::posix_spawnattr_setsigdefault(&attributes_, &set);
        ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    }
    ~Preparation() {
        ::posix_spawn_file_actions_destroy(&actions_);
        ::posix_spawnattr_destroy(&attributes_);
    }
    Preparation(const Preparation&) = delete;
    Preparation& operator=(const Preparation&) = delete;

    [[nodiscard]] const posix_spawn_file_actions_t* actions() const { return &actions_; }
    [[nodiscard]] const posix_spawnattr_t* attributes() const { return &attributes_; }

  private:
    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
};

}  // namespace

CommandLine CommandLine::present() {
    CommandLine present;
    std::ifstream file("/proc/self/cmdline", std::ios::binary);
    for (std::string argument; std::getline(file, argument, '\0');) {
        present.arguments.push_back(std::move(argument));
    }
    // A path may name another file by now, as a link that a new version was put behind does.
    const bool path =
        !present.arguments.empty() && present.arguments.front().find('/') != std::string::npos;
    present.program = path ? present.arguments.front() : own_file();
    return present;
}

Result<pid_t> spawn(const CommandLine& command, const Variables& variables, int channel) {
    std::vector<std::string> arguments = command.arguments;
    std::vector<std::string> environment = environment_with(variables);
    const Preparation preparation(channel);
    pid_t pid = 0;
    const int error = ::posix_spawn(
        &pid,
        command.program.c_str(),
        preparation.actions(),
        preparation.attributes(),
        pointers(arguments).data(),
        pointers(environment).data()
    );
    if (error != 0) {
        return error_code(error, boost::system::system_category());
    }
    return pid;
}

}  // namespace hsmfront::runtime
