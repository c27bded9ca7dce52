// require(): how a fuzz target states what must hold, whatever the input.
#pragma once

#include <stdexcept>

namespace hsmfront::fuzz {

/// The message names the property. Thrown through the target, so that the fuzzer keeps the input.
class Violated : public std::logic_error {
  public:
    using std::logic_error::logic_error;
};

inline void require(bool holds, const char* property) {
    if (!holds) {
        throw Violated(property);
    }
}

}  // namespace hsmfront::fuzz
