// StatusPage: what AdminServer answers: the status page and its parts, metrics, health.
#pragma once

#include "proxy/admin/admin_server.hpp"
#include "proxy/admin/service_status.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace hsmfront::admin {

/// The files of the page, from the folder page/.
extern const std::string_view status_html;
extern const std::string_view status_css;
extern const std::string_view status_js;
extern const std::string_view status_svg;

/// What the page shows, in JSON. `now` is for the days that certificates have left.
[[nodiscard]] std::string render_json(const ServiceStatus& status, std::time_t now);

/// Whether the page of `path` tells of single sessions.
[[nodiscard]] bool shows_sessions(std::string_view path);

/// "/", "/status.json", "/metrics", "/healthz" (the process lives), "/readyz" (503 and why while
/// it is not ready for clients); anything else is 404. `status` is asked only where it is needed.
[[nodiscard]] Page page_of(
    std::string_view path, const std::function<ServiceStatus()>& status, std::time_t now
);

}  // namespace hsmfront::admin
