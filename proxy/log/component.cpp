#include "proxy/log/component.hpp"

#include "proxy/log/limiter.hpp"
#include "proxy/log/payload.hpp"

#include <spdlog/spdlog.h>

namespace hsmfront::log {

void Component::put(const Facts& facts, fmt::string_view text, fmt::format_args args) const {
    // Who turns on more than info wants to see it.
    const bool limited =
        !facts.record && facts.level >= Level::info && facts.level != Level::critical;
    if (limited && !limiter().allow({this, facts.level, text})) {
        return;
    }
    put_always(facts, text, args);
}

void Component::put_always(const Facts& facts, fmt::string_view text, fmt::format_args args) const {
    spdlog::logger* output = output_.load();
    const bool structured = output != nullptr;
    if (!structured) {
        output = spdlog::default_logger_raw();
    }
    if (output == nullptr) {
        return;
    }
    spdlog::memory_buf_t line;
    const int begin = append_session(line, facts, structured);
    fmt::vformat_to(fmt::appender(line), text, args);
    output->log(
        structured ? mark_payload(begin) : spdlog::source_loc{},
        facts.level,
        spdlog::string_view_t(line.data(), line.size())
    );
}

}  // namespace hsmfront::log
