// Fuzz target: the dialogue between a client, a backend and a network that do as they like.
#include "tests/fuzz/dialogue_driver.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    hsmfront::fuzz::play_script({reinterpret_cast<const char*>(data), size});
    return 0;
}
