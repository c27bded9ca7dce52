// Leaves no copies of a secret behind in freed memory.
#pragma once

namespace hsmfront::runtime {

/// While one lives, memory given back by operator delete, on any thread, is overwritten first: what
/// was read of a configuration may hold the PIN (hsm.pin.value), and YAML, trees and settings are
/// copied many times over. Memory that is still in use is its owner's to wipe.
class WipesFreedMemory {
  public:
    WipesFreedMemory();
    ~WipesFreedMemory();
    WipesFreedMemory(const WipesFreedMemory&) = delete;
    WipesFreedMemory& operator=(const WipesFreedMemory&) = delete;
};

/// Overwrites what the calls that have returned to the caller left on the stack: strings of up to
/// 15 bytes, as most PINs are, live in the object itself. Reaches 128 KiB down.
void wipe_stack_below();

}  // namespace hsmfront::runtime
