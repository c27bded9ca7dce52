#include "proxy/http/access_log.hpp"

namespace hsmfront::http {

void AccessLog::write(const AccessRecord& record) const {
    if (!enabled_) {
        return;
    }
    std::string line;
    line.reserve(512);
    if (format_ == config::LogFormat::json) {
        append_json(line, record);
    } else {
        append_text(line, record);
    }
    lines_->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace hsmfront::http
