#include "proxy/log/payload.hpp"

#include <iterator>

namespace hsmfront::log {
namespace {

constexpr std::string_view opening = "session ";

}  // namespace

int append_session(spdlog::memory_buf_t& out, const Facts& facts, bool payload) {
    if (facts.session == 0) {
        return 0;
    }
    fmt::format_to(fmt::appender(out), "{}{} ", opening, facts.session);
    if (payload && !facts.client.empty()) {
        fmt::format_to(fmt::appender(out), "{} ", facts.client);
    }
    return static_cast<int>(out.size());
}

spdlog::source_loc mark_payload(int begin) { return {"", begin, ""}; }

Payload read_payload(const spdlog::details::log_msg& line) {
    const std::string_view text(line.payload.data(), line.payload.size());
    const auto begin = static_cast<std::size_t>(line.source.line);
    if (begin <= opening.size() || begin > text.size()) {
        return {{}, {}, text};
    }
    std::string_view session = text.substr(opening.size(), begin - opening.size() - 1);
    std::string_view client;
    if (const auto space = session.find(' '); space != std::string_view::npos) {
        client = session.substr(space + 1);
        session = session.substr(0, space);
    }
    return {session, client, text.substr(begin)};
}

}  // namespace hsmfront::log
