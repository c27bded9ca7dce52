#include "proxy/runtime/log.hpp"

#include "certs/errc.hpp"

#include <spdlog/async.h>
#include <spdlog/details/file_helper.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <mutex>
#include <string_view>

namespace hsmfront::runtime {
namespace {

constexpr std::size_t queued_lines = 8192;

/// The message with everything escaped that could end its line, its JSON string, or draw on the
/// terminal. What peers send is quoted in messages.
class EscapedMessage final : public spdlog::custom_flag_formatter {
  public:
    explicit EscapedMessage(bool json) : json_(json) {}

    void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out)
        override {
        for (const char c : message.payload) {
            append(static_cast<unsigned char>(c), out);
        }
    }

    [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
        return std::make_unique<EscapedMessage>(json_);
    }

  private:
    void append(unsigned char c, spdlog::memory_buf_t& out) const {
        static constexpr std::string_view hex = "0123456789abcdef";
        const bool quote = json_ && (c == '"' || c == '\\');
        if (quote) {
            out.push_back('\\');
        }
        if (c >= 0x20 && c != 0x7f) {
            out.push_back(static_cast<char>(c));
            return;
        }
        const std::string_view prefix = json_ ? "\\u00" : "\\x";
        out.append(prefix.data(), prefix.data() + prefix.size());
        out.push_back(hex[c >> 4U]);
        out.push_back(hex[c & 0xfU]);
    }

    bool json_;
};

/// spdlog 1.10 has no file sink that can open its file again.
class FileSink final : public spdlog::sinks::base_sink<std::mutex> {
  public:
    explicit FileSink(const std::string& file) { file_.open(file); }

    void reopen() {
        const std::scoped_lock lock(mutex_);
        file_.reopen(false);
    }

  private:
    void sink_it_(const spdlog::details::log_msg& message) override {
        spdlog::memory_buf_t line;
        formatter_->format(message, line);
        file_.write(line);
    }
    void flush_() override { file_.flush(); }

    spdlog::details::file_helper file_;
};

std::unique_ptr<spdlog::formatter> make_formatter(config::LogFormat format) {
    const bool json = format == config::LogFormat::json;
    auto formatter = std::make_unique<spdlog::pattern_formatter>();
    formatter->add_flag<EscapedMessage>('*', json);
    formatter->set_pattern(
        json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l","message":"%*"})"
             : "%Y-%m-%dT%H:%M:%S.%e%z %-5l %*"
    );
    return formatter;
}

spdlog::sink_ptr make_sink(const config::Log& settings) {
    if (settings.file.empty()) {
        return std::make_shared<spdlog::sinks::stderr_sink_mt>();
    }
    return std::make_shared<FileSink>(settings.file.string());
}

}  // namespace

certs::Loaded<void> open_log(const config::Log& settings) {
    try {
        auto sink = make_sink(settings);
        sink->set_formatter(make_formatter(settings.format));
        spdlog::init_thread_pool(queued_lines, 1);
        auto logger = std::make_shared<spdlog::async_logger>(
            "hsmfront", sink, spdlog::thread_pool(), spdlog::async_overflow_policy::overrun_oldest
        );
        logger->set_level(spdlog::level::from_str(settings.level));
        logger->flush_on(spdlog::level::info);
        spdlog::set_default_logger(std::move(logger));
        return {};
    } catch (const spdlog::spdlog_ex& e) {
        return certs::Failure{
            make_error_code(certs::Errc::file_unreadable), std::string("log.file: ") + e.what()};
    }
}

void set_log_level(const std::string& level) { spdlog::set_level(spdlog::level::from_str(level)); }

void reopen_log() {
    for (const auto& sink : spdlog::default_logger()->sinks()) {
        if (auto* file = dynamic_cast<FileSink*>(sink.get())) {
            try {
                file->reopen();
            } catch (const spdlog::spdlog_ex& e) {
                spdlog::error("log.file cannot be opened again: {}", e.what());
            }
        }
    }
}

void close_log() { spdlog::shutdown(); }

}  // namespace hsmfront::runtime
