// Metrics: the service's counters in the text format of Prometheus.
#pragma once

#include "proxy/admin/service_status.hpp"

#include <string>

namespace hsmfront::admin {

/// Exposition format 0.0.4: each metric with HELP and TYPE, histograms cumulative, times in
/// seconds.
[[nodiscard]] std::string render_metrics(const ServiceStatus& status);

}  // namespace hsmfront::admin
