#include "tests/support/shim_control.hpp"

#include <array>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

namespace hsmfront::test {

ShimControl::ShimControl() {
    set({});
    ::setenv("HSMFRONT_SHIM_CONTROL", (directory_ / "control").c_str(), 1);
    ::setenv("HSMFRONT_SHIM_COUNTERS", (directory_ / "counters").c_str(), 1);
}

ShimControl::~ShimControl() {
    ::unsetenv("HSMFRONT_SHIM_CONTROL");
    ::unsetenv("HSMFRONT_SHIM_COUNTERS");
}

void ShimControl::set(const Switches& switches) const {
    std::string content;
    for (const auto& [name, value] : switches) {
        content += name + "=" + std::to_string(value) + "\n";
    }
    (void)directory_.write("control", content);
}

std::uint64_t ShimControl::counter(const std::string& name) const {
    const auto file = directory_ / "counters";
    if (!std::filesystem::exists(file)) {
        return 0;
    }
    struct Record {
        std::array<char, 24> name;
        std::uint64_t value;
    };
    const std::string data = read_file(file);
    for (std::size_t at = 0; at + sizeof(Record) <= data.size(); at += sizeof(Record)) {
        Record record{};
        std::memcpy(&record, data.data() + at, sizeof(record));
        if (name == record.name.data()) {
            return record.value;
        }
    }
    throw std::out_of_range("the shim has no counter '" + name + "'");
}

}  // namespace hsmfront::test
