// Looks for secrets in the memory of a running process.
#include "tests/harness/memory_scan.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <unistd.h>

namespace hsmfront::test {
namespace {

struct Mapping {
    std::size_t begin = 0;
    std::size_t end = 0;
    bool readable = false;
    bool dumped = true;
    std::string name;
};

/// Parses smaps: a line as in maps, then fields, of which VmFlags is the last.
std::vector<Mapping> mappings_of(pid_t process) {
    std::ifstream file("/proc/" + std::to_string(process) + "/smaps");
    std::vector<Mapping> found;
    for (std::string line; std::getline(file, line);) {
        Mapping mapping;
        char rights[5] = {};
        int name_at = 0;
        if (std::sscanf(
                line.c_str(),
                "%zx-%zx %4s %*s %*s %*s %n",
                &mapping.begin,
                &mapping.end,
                rights,
                &name_at
            ) == 3) {
            mapping.readable = rights[0] == 'r';
            mapping.name = line.substr(static_cast<std::size_t>(name_at));
            found.push_back(mapping);
        } else if (line.starts_with("VmFlags:") && !found.empty()) {
            found.back().dumped = (line + ' ').find(" dd ") == std::string::npos;
        }
    }
    return found;
}

std::string printable(const std::string& text) {
    std::string out = text;
    std::replace_if(
        out.begin(), out.end(), [](unsigned char c) { return std::isprint(c) == 0; }, '.'
    );
    return out;
}

std::string read_mapping(int memory, const Mapping& mapping) {
    std::string bytes(mapping.end - mapping.begin, '\0');
    std::size_t size = 0;
    while (size < bytes.size()) {
        const ssize_t got = ::pread(
            memory,
            bytes.data() + size,
            bytes.size() - size,
            static_cast<off_t>(mapping.begin + size)
        );
        if (got <= 0) {
            break;  // [vvar] and the like
        }
        size += static_cast<std::size_t>(got);
    }
    bytes.resize(size);
    return bytes;
}

}  // namespace

std::vector<Sighting> find_in_memory(pid_t process, const std::string& wanted) {
    const std::string file = "/proc/" + std::to_string(process) + "/mem";
    const int memory = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (memory < 0) {
        throw std::runtime_error(file + ": " + std::strerror(errno));
    }
    std::vector<Sighting> sightings;
    for (const Mapping& mapping : mappings_of(process)) {
        if (!mapping.readable) {
            continue;
        }
        const std::string bytes = read_mapping(memory, mapping);
        for (std::size_t at = 0; (at = bytes.find(wanted, at)) != std::string::npos; ++at) {
            const std::size_t from = at > 48 ? at - 48 : 0;
            sightings.push_back(
                {mapping.name,
                 mapping.begin + at,
                 printable(bytes.substr(from, at - from + wanted.size() + 48)),
                 mapping.dumped}
            );
        }
    }
    ::close(memory);
    return sightings;
}

std::string to_string(const std::vector<Sighting>& sightings) {
    std::ostringstream out;
    for (const Sighting& one : sightings) {
        out << std::hex << one.address << ' ' << (one.mapping.empty() ? "anonymous" : one.mapping)
            << (one.in_core_file ? "" : " (not in a core file)") << ": " << one.around << '\n';
    }
    return out.str();
}

}  // namespace hsmfront::test
