#include "proxy/log/outlet.hpp"

#include "proxy/log/json.hpp"

#include <cstring>
#include <iterator>

namespace hsmfront::log {
namespace {

std::string_view view(spdlog::string_view_t text) { return {text.data(), text.size()}; }

}  // namespace

void append_escaped(std::string& out, std::string_view message) {
    static constexpr std::string_view hex = "0123456789abcdef";
    for (const char c : message) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte != 0x7f) {
            out += c;
        } else {
            out += "\\x";
            out += hex[byte >> 4U];
            out += hex[byte & 0xfU];
        }
    }
}

void Outlet::set(std::shared_ptr<Target> target, config::LogFormat format) {
    const std::scoped_lock lock(mutex_);
    if (target != target_) {
        missed_ = 0;
    }
    target_ = std::move(target);
    format_ = format;
}

std::shared_ptr<Target> Outlet::target() const {
    const std::scoped_lock lock(mutex_);
    return target_;
}

void Outlet::log(const spdlog::details::log_msg& line) {
    const std::scoped_lock lock(mutex_);
    if (target_ == nullptr) {
        return;
    }
    const bool access = view(line.logger_name) == access_name;
    if (missed_ != 0 && !access) {
        if (!write_gap(line)) {
            lose();
            return;
        }
        missed_ = 0;
    }
    if (!write(line)) {
        lose();
    } else if (missed_ != 0) {
        // In the other log, for the lines of this one are all requests.
        runtime.error("{} lines of the access log are lost: {}", missed_, std::strerror(error_));
        missed_ = 0;
    }
}

void Outlet::lose() {
    ++missed_;
    ++lost_;
}

bool Outlet::write_gap(const spdlog::details::log_msg& next) {
    const std::string text =
        fmt::format("{} lines before this one are lost: {}", missed_, std::strerror(error_));
    return write({next.time, {}, runtime.name(), Level::err, text});
}

bool Outlet::write(const spdlog::details::log_msg& line) {
    text_.clear();
    if (view(line.logger_name) == access_name) {
        text_ += view(line.payload);
    } else if (format_ == config::LogFormat::json) {
        format_json(line);
    } else {
        format_text(line);
    }
    const int error = target_->write({line.level, view(line.logger_name), text_});
    if (error != 0) {
        error_ = error;
    }
    return error == 0;
}

void Outlet::append_time(const spdlog::details::log_msg& line) {
    spdlog::memory_buf_t time;
    time_.format(line, time);
    text_.append(time.data(), time.size());
}

void Outlet::format_text(const spdlog::details::log_msg& line) {
    const auto [session, client, message] = read_payload(line);
    const auto out = std::back_inserter(text_);
    if (!target_->stamps()) {
        append_time(line);
        fmt::format_to(out, " {:<5} ", view(spdlog::level::to_string_view(line.level)));
    }
    fmt::format_to(out, "{}: ", view(line.logger_name));
    if (!session.empty()) {
        fmt::format_to(out, "session {} ", session);
    }
    append_escaped(text_, message);
}

void Outlet::format_json(const spdlog::details::log_msg& line) {
    const auto [session, client, message] = read_payload(line);
    const auto out = std::back_inserter(text_);
    text_ += R"({"time":")";
    append_time(line);
    fmt::format_to(
        out,
        R"(","level":"{}","component":"{}")",
        view(spdlog::level::to_string_view(line.level)),
        view(line.logger_name)
    );
    if (!session.empty()) {
        fmt::format_to(out, R"(,"session":{})", session);
    }
    if (!client.empty()) {
        text_ += R"(,"client":)";
        append_json_string(text_, client);
    }
    text_ += R"(,"message":)";
    append_json_string(text_, message);
    text_ += '}';
}

}  // namespace hsmfront::log
