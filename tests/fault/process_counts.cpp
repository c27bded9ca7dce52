// What a process holds, as /proc tells.
#include "tests/fault/process_counts.hpp"

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace hsmfront::test {
namespace {

namespace fs = std::filesystem;

fs::path proc(pid_t process) { return fs::path("/proc") / std::to_string(process); }

/// Inodes of the TCP sockets in this network namespace, as /proc/PID/fd names them.
std::set<std::string> tcp_sockets() {
    std::set<std::string> found;
    for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
        std::ifstream file(table);
        std::string line;
        std::getline(file, line);
        while (std::getline(file, line)) {
            std::istringstream fields(line);
            std::string field;
            for (int i = 0; i < 10; ++i) {
                fields >> field;
            }
            found.insert("socket:[" + field + "]");
        }
    }
    return found;
}

}  // namespace

ProcessCounts counts_of(pid_t process) {
    ProcessCounts counts;
    for ([[maybe_unused]] const auto& thread : fs::directory_iterator(proc(process) / "task")) {
        ++counts.threads;
    }
    const auto tcp = tcp_sockets();
    for (const auto& entry : fs::directory_iterator(proc(process) / "fd")) {
        std::error_code closed_meanwhile;
        const auto target = fs::read_symlink(entry.path(), closed_meanwhile).string();
        if (!closed_meanwhile) {
            ++(tcp.contains(target) ? counts.tcp : counts.files);
        }
    }
    return counts;
}

std::size_t resident_kib(pid_t process) {
    std::ifstream file(proc(process) / "status");
    for (std::string word; file >> word;) {
        if (word == "VmRSS:") {
            std::size_t kib = 0;
            file >> kib;
            return kib;
        }
    }
    return 0;
}

std::string to_string(const ProcessCounts& counts) {
    return std::to_string(counts.threads) + " threads, " + std::to_string(counts.files) +
           " files, " + std::to_string(counts.tcp) + " TCP sockets";
}

}  // namespace hsmfront::test
