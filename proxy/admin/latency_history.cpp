#include "proxy/admin/latency_history.hpp"

#include <algorithm>

namespace hsmfront::admin {

void LatencyHistory::sample(const certs::HsmStatus& hsm) {
    for (const auto& token : hsm.tokens) {
        certs::Histogram all;
        for (const auto& key : hsm.keys) {
            if (key.token == token.label) {
                all += key.latency;
            }
        }
        Series& series = of_token_[token.label];
        const std::uint64_t count = all.total();
        // A token that was given up and came back may count from the start.
        const bool more = count > series.count;
        series.values.push_back(
            more ? std::optional(
                       (all.sum - series.seconds) * 1000 / static_cast<double>(count - series.count)
                   )
                 : std::nullopt
        );
        series.count = count;
        series.seconds = all.sum;
        if (series.values.size() > length) {
            series.values.erase(series.values.begin());
        }
    }
}

const LatencyHistory::Values& LatencyHistory::of(const std::string& token) const {
    static const Values none;
    const auto found = of_token_.find(token);
    return found == of_token_.end() ? none : found->second.values;
}

}  // namespace hsmfront::admin
