#include "bench/clients/options.hpp"

#include <stdexcept>

namespace hsmfront::bench {

Options::Options(int argc, char** argv, int first) {
    for (int i = first; i < argc; ++i) {
        const std::string word = argv[i];
        const auto equals = word.find('=');
        if (equals == std::string::npos) {
            throw std::invalid_argument("'" + word + "' is not name=value");
        }
        words_[word.substr(0, equals)] = word.substr(equals + 1);
    }
}

std::string Options::take(const std::string& name) {
    auto node = words_.extract(name);
    return node ? node.mapped() : std::string();
}

std::string Options::text(const std::string& name, std::string_view otherwise) {
    const std::string value = take(name);
    return value.empty() ? std::string(otherwise) : value;
}

double Options::seconds(const std::string& name, double otherwise) {
    const std::string value = take(name);
    std::size_t end = 0;
    const double result = value.empty() ? otherwise : std::stod(value, &end);
    if (end != value.size() || result < 0) {
        throw std::invalid_argument(name + "=" + value + " is not a number");
    }
    return result;
}

std::uint64_t Options::number(const std::string& name, std::uint64_t otherwise) {
    return static_cast<std::uint64_t>(seconds(name, static_cast<double>(otherwise)));
}

void Options::expect_no_more() const {
    if (!words_.empty()) {
        throw std::invalid_argument("unknown option '" + words_.begin()->first + "'");
    }
}

}  // namespace hsmfront::bench
