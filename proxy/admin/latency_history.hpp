// LatencyHistory: how long signatures took in the last minutes, for the status page.
#pragma once

#include "certs/hsm.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace hsmfront::admin {

class LatencyHistory {
  public:
    static constexpr std::chrono::seconds interval{5};
    static constexpr std::size_t length = 120;

    /// Milliseconds; none where no signature was made meanwhile.
    using Values = std::vector<std::optional<double>>;

    /// To be called once each interval.
    void sample(const certs::HsmStatus& hsm);
    /// Of the token with this label, the oldest first; empty: not known.
    [[nodiscard]] const Values& of(const std::string& token) const;

  private:
    struct Series {
        std::uint64_t count = 0;
        double seconds = 0;
        Values values;
    };
    std::map<std::string, Series> of_token_;
};

}  // namespace hsmfront::admin
