// ShimControl: reins of the PKCS#11 shim (tests/shim/shim.cpp lists its switches and counters).
#pragma once

#include "tests/support/temp_dir.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace hsmfront::test {

/// Points HSMFRONT_SHIM_CONTROL and HSMFRONT_SHIM_COUNTERS of this process at files of its own, so
/// it must exist before the shim is loaded, here or in a child.
class ShimControl {
  public:
    using Switches = std::map<std::string, long>;

    ShimControl();
    ~ShimControl();
    ShimControl(const ShimControl&) = delete;
    ShimControl& operator=(const ShimControl&) = delete;

    /// What to configure as PKCS#11 module.
    [[nodiscard]] static std::filesystem::path module() { return HSMFRONT_SHIM_PATH; }

    /// The switches from now on; those not named are off.
    void set(const Switches& switches) const;

    /// 0 before the shim is first loaded. Throws std::out_of_range for an unknown name.
    [[nodiscard]] std::uint64_t counter(const std::string& name) const;

  private:
    TempDir directory_;
};

}  // namespace hsmfront::test
