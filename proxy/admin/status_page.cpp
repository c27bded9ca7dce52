#include "proxy/admin/status_page.hpp"

#include "proxy/admin/metrics.hpp"

namespace hsmfront::admin {
namespace {

Page file(std::string_view type, std::string_view content) {
    return {200, std::string(type) + "; charset=utf-8", std::string(content)};
}

}  // namespace

bool shows_sessions(std::string_view path) { return path == "/status.json"; }

Page page_of(std::string_view path, const std::function<ServiceStatus()>& status, std::time_t now) {
    if (path == "/") {
        return file("text/html", status_html);
    }
    if (path == "/status.css") {
        return file("text/css", status_css);
    }
    if (path == "/status.js") {
        return file("text/javascript", status_js);
    }
    if (path == "/status.svg") {
        return {200, "image/svg+xml", std::string(status_svg)};
    }
    if (path == "/status.json") {
        return {200, "application/json", render_json(status(), now)};
    }
    if (path == "/metrics") {
        return {200, "text/plain; version=0.0.4; charset=utf-8", render_metrics(status())};
    }
    if (path == "/healthz") {
        return {200, Page{}.type, "ok\n"};
    }
    if (path == "/readyz") {
        const std::string why = status().not_ready();
        return why.empty() ? Page{200, Page{}.type, "ready\n"} : Page{503, Page{}.type, why + "\n"};
    }
    return {404, Page{}.type, "there is /, /status.json, /metrics, /healthz and /readyz\n"};
}

}  // namespace hsmfront::admin
