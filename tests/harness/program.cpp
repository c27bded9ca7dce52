#include "tests/harness/program.hpp"

#include <cstdlib>

namespace hsmfront::test {

const std::string& program() {
    static const std::string path = [] {
        const char* named = std::getenv("HSMFRONT_PROGRAM");
        return std::string(named == nullptr ? HSMFRONT_BINARY : named);
    }();
    return path;
}

}  // namespace hsmfront::test
