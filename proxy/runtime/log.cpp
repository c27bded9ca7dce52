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
#include <utility>

namespace hsmfront::runtime {
namespace {

constexpr std::size_t queued_lines = 8192;

using ThreadPool = spdlog::details::thread_pool;

/// spdlog keeps the default logger for us; the access log keeps its own queue beside it, so that
/// many requests do not push out what someone must read.
struct AccessLines {
    std::shared_ptr<ThreadPool> pool;
    std::shared_ptr<spdlog::logger> logger;
    std::shared_ptr<const http::AccessLog> log;
};

AccessLines& access_lines() {
    static AccessLines lines;
    return lines;
}

constexpr std::string_view access_name = "access";

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
        file_.flush();  // here and not by flush_on(), which wakes the log's thread once more
    }
    void flush_() override {}

    spdlog::details::file_helper file_;
};

/// Both logs may go to one sink. Lines of the access log are complete as they are.
class LineFormatter final : public spdlog::formatter {
  public:
    explicit LineFormatter(std::unique_ptr<spdlog::formatter> messages)
        : messages_(std::move(messages)) {}

    void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
        const std::string_view name(message.logger_name.data(), message.logger_name.size());
        if (name == access_name) {
            out.append(message.payload.begin(), message.payload.end());
            out.push_back('\n');
        } else {
            messages_->format(message, out);
        }
    }

    [[nodiscard]] std::unique_ptr<spdlog::formatter> clone() const override {
        return std::make_unique<LineFormatter>(messages_->clone());
    }

  private:
    std::unique_ptr<spdlog::formatter> messages_;
};

std::unique_ptr<spdlog::formatter> make_formatter(config::LogFormat format) {
    const bool json = format == config::LogFormat::json;
    auto formatter = std::make_unique<spdlog::pattern_formatter>();
    formatter->add_flag<EscapedMessage>('*', json);
    formatter->set_pattern(
        json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l","message":"%*"})"
             : "%Y-%m-%dT%H:%M:%S.%e%z %-5l %*"
    );
    return std::make_unique<LineFormatter>(std::move(formatter));
}

/// `key` names the file in the failure.
certs::Loaded<spdlog::sink_ptr> file_sink(
    const std::filesystem::path& file, config::LogFormat format, const std::string& key
) {
    try {
        const auto sink = std::make_shared<FileSink>(file.string());
        sink->set_formatter(make_formatter(format));
        return spdlog::sink_ptr(sink);
    } catch (const spdlog::spdlog_ex& e) {
        return certs::Failure{make_error_code(certs::Errc::file_unreadable), key + ": " + e.what()};
    }
}

certs::Loaded<spdlog::sink_ptr> log_sink(const config::Log& settings) {
    if (!settings.file.empty()) {
        return file_sink(settings.file, settings.format, "log.file");
    }
    const auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    sink->set_formatter(make_formatter(settings.format));
    return spdlog::sink_ptr(sink);
}

std::shared_ptr<spdlog::logger> make_logger(
    std::string_view name, const spdlog::sink_ptr& sink, const std::shared_ptr<ThreadPool>& pool
) {
    return std::make_shared<spdlog::async_logger>(
        std::string(name), sink, pool, spdlog::async_overflow_policy::overrun_oldest
    );
}

void reopen(const spdlog::logger& logger, const char* key) {
    for (const auto& sink : logger.sinks()) {
        if (auto* file = dynamic_cast<FileSink*>(sink.get())) {
            try {
                file->reopen();
            } catch (const spdlog::spdlog_ex& e) {
                spdlog::error("{} cannot be opened again: {}", key, e.what());
            }
        }
    }
}

}  // namespace

certs::Loaded<void> open_log(const config::Log& settings) {
    const auto sink = log_sink(settings);
    if (!sink) {
        return sink.error();
    }
    const config::AccessLog& access = settings.access;
    const auto access_sink = access.enabled() && access.file != "-"
                                 ? file_sink(access.file, access.format, "log.access")
                                 : sink;
    if (!access_sink) {
        return access_sink.error();
    }
    spdlog::init_thread_pool(queued_lines, 1);
    auto logger = make_logger("hsmfront", *sink, spdlog::thread_pool());
    logger->set_level(spdlog::level::from_str(settings.level));
    spdlog::set_default_logger(std::move(logger));
    if (access.enabled()) {
        AccessLines& lines = access_lines();
        lines.pool = std::make_shared<ThreadPool>(queued_lines, 1);
        lines.logger = make_logger(access_name, *access_sink, lines.pool);
        lines.log = std::make_shared<const http::AccessLog>(lines.logger, access.format);
    }
    return {};
}

void set_log_level(const std::string& level) { spdlog::set_level(spdlog::level::from_str(level)); }

std::shared_ptr<const http::AccessLog> access_log() { return access_lines().log; }

std::uint64_t dropped_lines() {
    const auto& pool = access_lines().pool;
    return spdlog::thread_pool()->overrun_counter() + (pool ? pool->overrun_counter() : 0);
}

void reopen_log() {
    reopen(*spdlog::default_logger(), "log.file");
    if (access_lines().logger != nullptr) {
        reopen(*access_lines().logger, "log.access");
    }
}

void close_log() {
    const AccessLines access = std::exchange(access_lines(), {});
    if (access.pool != nullptr && access.pool->overrun_counter() != 0) {
        spdlog::error("{} lines of the access log were dropped", access.pool->overrun_counter());
    }
    spdlog::shutdown();
}

}  // namespace hsmfront::runtime
