#include "tests/tools/soak/tally.hpp"

#include <iostream>

namespace soak {

void Tally::count(const std::string& what) {
    const std::scoped_lock lock(mutex_);
    ++counts_[what];
}

void Tally::violation(const std::string& what) {
    const std::scoped_lock lock(mutex_);
    ++violations_;
    std::cerr << "VIOLATION: " << what << std::endl;
}

void Tally::never_ended(const std::string& name) {
    const std::scoped_lock lock(mutex_);
    unfinished_.insert(name);
}

void Tally::print() const {
    const std::scoped_lock lock(mutex_);
    for (const auto& [name, value] : counts_) {
        std::cout << name << "=" << value << "\n";
    }
    std::cout << "violations=" << violations_ << "\n";
    for (const auto& name : unfinished_) {
        std::cout << "unfinished=" << name << "\n";
    }
    std::cout << std::flush;
}

bool Tally::clean() const {
    const std::scoped_lock lock(mutex_);
    return violations_ == 0;
}

}  // namespace soak
