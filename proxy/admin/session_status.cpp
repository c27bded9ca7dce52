#include "proxy/admin/session_status.hpp"

#include "proxy/net/printable.hpp"

#include <spdlog/fmt/chrono.h>
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>
#include <tuple>
#include <utility>

namespace hsmfront::admin {
namespace {

constexpr std::size_t columns = 10;
using Row = std::array<std::string, columns>;

/// Of names that clients give.
constexpr std::size_t widest = 40;

/// Without control characters, those of one byte and of ISO 8859-1 (C1) in UTF-8.
std::string harmless(std::string_view text) {
    std::string result;
    for (const char c : net::printable(text.substr(0, widest))) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x80 && byte < 0xa0 && result.ends_with('\xc2')) {
            result.back() = '?';
        } else {
            result += c;
        }
    }
    return result;
}

Row row_of(const net::SessionFacts& one) {
    return {
        std::to_string(one.id),
        one.client,
        one.via,
        one.protocol,
        harmless(one.user),
        fmt::format("{}", std::chrono::duration_cast<std::chrono::seconds>(one.age)),
        one.doing.empty() ? "idle" : one.doing,
        byte_text(one.received),
        byte_text(one.sent),
        one.backend};
}

void append(std::string& text, const Row& row, const std::array<std::size_t, columns>& widths) {
    std::string line;
    for (std::size_t i = 0; i < columns; ++i) {
        if (widths[i] != 0) {
            line += fmt::format("{:<{}}  ", row[i], widths[i]);
        }
    }
    text += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
}

}  // namespace

void SessionStatus::add(net::SessionList more) {
    list.total += more.total;
    auto& shown = list.shown;
    std::move(more.shown.begin(), more.shown.end(), std::back_inserter(shown));
    std::sort(shown.begin(), shown.end(), [](const auto& a, const auto& b) {
        return std::tuple(a.doing.empty(), b.id) < std::tuple(b.doing.empty(), a.id);
    });
    shown.resize(std::min(shown.size(), most));
}

std::string render(const SessionStatus& status) {
    const Row head{
        "session", "client", "via", "protocol", "user", "for", "doing", "in", "out", "backend"};
    std::array<std::size_t, columns> widths{};
    std::vector<Row> rows;
    for (const auto& one : status.list.shown) {
        const Row& row = rows.emplace_back(row_of(one));
        for (std::size_t i = 0; i < columns; ++i) {
            if (!row[i].empty()) {
                widths[i] = std::max({widths[i], row[i].size(), head[i].size()});
            }
        }
    }
    std::string text = fmt::format("sessions: {}", status.list.total);
    if (rows.size() < status.list.total) {
        text += fmt::format(", {} of them shown", rows.size());
    }
    if (status.silent != 0) {
        text += fmt::format("; {} workers did not answer in time", status.silent);
    }
    text += '\n';
    if (!rows.empty()) {
        append(text, head, widths);
    }
    for (const Row& row : rows) {
        append(text, row, widths);
    }
    return text;
}

std::string byte_text(std::uint64_t count) {
    static constexpr std::array<std::string_view, 5> units{"B", "KiB", "MiB", "GiB", "TiB"};
    auto value = static_cast<double>(count);
    std::size_t unit = 0;
    for (; value >= 1024 && unit + 1 < units.size(); ++unit) {
        value /= 1024;
    }
    return fmt::format("{:.{}f} {}", value, unit == 0 ? 0 : 1, units[unit]);
}

}  // namespace hsmfront::admin
