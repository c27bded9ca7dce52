#include "proxy/admin/process_status.hpp"

#include <filesystem>
#include <fstream>
#include <sys/resource.h>
#include <unistd.h>

namespace hsmfront::admin {
namespace {

double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

std::uint64_t count_fds() {
    std::error_code ec;
    std::uint64_t count = 0;
    for (std::filesystem::directory_iterator entry("/proc/self/fd", ec), end; !ec && entry != end;
         entry.increment(ec)) {
        ++count;
    }
    return count == 0 ? 0 : count - 1;  // the one that lists them
}

}  // namespace

std::uint64_t resident_bytes() {
    std::ifstream pages("/proc/self/statm");
    std::uint64_t size = 0;
    std::uint64_t resident = 0;
    pages >> size >> resident;
    return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

ProcessStatus read_process_status() {
    ProcessStatus status;
    rusage usage{};
    if (::getrusage(RUSAGE_SELF, &usage) == 0) {
        status.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    }
    status.resident_bytes = resident_bytes();
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        status.max_fds = limit.rlim_cur;
    }
    status.open_fds = count_fds();
    return status;
}

}  // namespace hsmfront::admin
