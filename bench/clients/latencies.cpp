#include "bench/clients/latencies.hpp"

#include <algorithm>
#include <sstream>

namespace hsmfront::bench {

std::string Latencies::quantiles() const {
    std::vector<std::uint32_t> sorted = microseconds_;
    std::sort(sorted.begin(), sorted.end());
    const auto at = [&sorted](double part) {
        const auto last = static_cast<double>(sorted.size()) - 1;
        return sorted.empty() ? 0.0 : sorted[static_cast<std::size_t>(last * part)] / 1000.0;
    };
    std::ostringstream text;
    text << "p50_ms=" << at(0.5) << " p99_ms=" << at(0.99) << " p999_ms=" << at(0.999)
         << " max_ms=" << at(1);
    return text.str();
}

}  // namespace hsmfront::bench
