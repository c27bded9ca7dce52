#include "proxy/runtime/load_settings.hpp"

#include "proxy/runtime/wiping.hpp"

#include <openssl/crypto.h>

namespace hsmfront::runtime {
namespace {

certs::Secret take(std::optional<std::string>& value) {
    if (!value) {
        return {};
    }
    certs::Secret secret(*value);
    OPENSSL_cleanse(value->data(), value->size());
    value->clear();
    return secret;
}

/// In a frame of its own, so that the caller can wipe it.
[[gnu::noinline]] void load_into(
    LoadedSettings& loaded,
    const std::filesystem::path& file,
    std::span<const std::string> overrides
) {
    const WipesFreedMemory wiping;
    static_cast<config::LoadResult&>(loaded) = config::load(file, overrides);
    auto& hsm = loaded.settings.hsm;
    loaded.written_pins.push_back(take(hsm.pin.value));
    for (auto& other : hsm.failover) {
        loaded.written_pins.push_back(take(other.pin.value));
    }
}

}  // namespace

LoadedSettings load_settings(
    const std::filesystem::path& file, std::span<const std::string> overrides
) {
    LoadedSettings loaded;
    load_into(loaded, file, overrides);
    wipe_stack_below();
    return loaded;
}

}  // namespace hsmfront::runtime
