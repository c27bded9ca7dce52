#include "proxy/runtime/log.hpp"

#include "certs/errc.hpp"
#include "proxy/log/limiter.hpp"
#include "proxy/log/outlet.hpp"
#include "proxy/log/syslog.hpp"

#include <spdlog/async.h>
#include <spdlog/details/periodic_worker.h>
#include <spdlog/spdlog.h>

#include <array>
#include <cstring>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace hsmfront::runtime {
namespace {

constexpr std::size_t queued_lines = 8192;

using ThreadPool = spdlog::details::thread_pool;
using TargetPtr = std::shared_ptr<log::Target>;

std::shared_ptr<spdlog::logger> make_logger(
    std::string_view name,
    const std::shared_ptr<log::Outlet>& outlet,
    const std::shared_ptr<ThreadPool>& pool
) {
    auto logger = std::make_shared<spdlog::async_logger>(
        std::string(name), outlet, pool, spdlog::async_overflow_policy::overrun_oldest
    );
    logger->set_level(spdlog::level::trace);  // components have their own
    return logger;
}

/// A queue of lines, its thread and where they go.
struct Queue {
    std::shared_ptr<log::Outlet> outlet = std::make_shared<log::Outlet>();
    std::shared_ptr<ThreadPool> pool = std::make_shared<ThreadPool>(queued_lines, 1);

    [[nodiscard]] std::uint64_t overruns() const { return pool->overrun_counter(); }
};

/// The access log has a queue of its own, so that many requests do not push out what someone must
/// read.
struct OpenLog {
    Queue lines;
    std::array<std::shared_ptr<spdlog::logger>, log::components.size()> loggers;
    std::optional<Queue> access_lines;  ///< once requests are logged
    std::shared_ptr<http::AccessLog> access;
    config::Log settings;
    std::optional<spdlog::details::periodic_worker> telling;  ///< of repeats
};

/// Signals, reloads and metrics come from different threads.
std::mutex open_log_mutex;

std::unique_ptr<OpenLog>& the_log() {
    static std::unique_ptr<OpenLog> log;
    return log;
}

log::Level level_of(const config::Log& settings, const std::string& component) {
    const auto own = settings.levels.find(component);
    return spdlog::level::from_str(own == settings.levels.end() ? settings.level : own->second);
}

void set_levels(const config::Log& settings) {
    for (log::Component* const component : log::components) {
        component->set_level(level_of(settings, component->name()));
    }
    spdlog::default_logger_raw()->set_level(level_of(settings, log::runtime.name()));
}

certs::Loaded<TargetPtr> open_target(
    const std::filesystem::path& file, const config::Syslog& syslog, const char* key
) {
    if (file.empty()) {
        return log::open_stderr();
    }
    if (file == config::to_syslog) {
        return log::open_syslog(syslog);
    }
    if (auto target = log::open_file(file, key)) {
        return target;
    }
    return certs::Failure{
        make_error_code(certs::Errc::file_unreadable),
        std::string(key) + ": " + file.string() + " cannot be opened: " + std::strerror(errno)};
}

std::unique_ptr<OpenLog> make_log() {
    auto made = std::make_unique<OpenLog>();
    for (std::size_t i = 0; i < log::components.size(); ++i) {
        made->loggers.at(i) =
            make_logger(log::components.at(i)->name(), made->lines.outlet, made->lines.pool);
    }
    spdlog::set_default_logger(
        make_logger(log::runtime.name(), made->lines.outlet, made->lines.pool)
    );
    return made;
}

/// Where lines go now; null targets before there is a log.
struct Present {
    config::Log settings;
    TargetPtr log;
    TargetPtr access;
};

Present present() {
    const std::scoped_lock lock(open_log_mutex);
    const auto& log = the_log();
    if (log == nullptr) {
        return {};
    }
    return {
        log->settings,
        log->lines.outlet->target(),
        log->access_lines ? log->access_lines->outlet->target() : nullptr};
}

void apply_access(OpenLog& log, const config::AccessLog& settings, TargetPtr target) {
    if (!log.access_lines && !settings.enabled()) {
        return;
    }
    if (!log.access_lines) {
        Queue& lines = log.access_lines.emplace();
        log.access = std::make_shared<http::AccessLog>(
            make_logger(log::access_name, lines.outlet, lines.pool), settings.format
        );
    }
    log.access->set(settings.enabled(), settings.format);
    if (settings.enabled()) {  // else what is queued still goes where it went
        log.access_lines->outlet->set(std::move(target), settings.format);
    }
}

void reopen(const log::Outlet& outlet) {
    if (const auto target = outlet.target()) {
        if (const int error = target->reopen(); error != 0) {
            log::runtime.error(
                "{} cannot be opened again: {}", target->name(), std::strerror(error)
            );
        }
    }
}

}  // namespace

certs::Loaded<LogChange> LogChange::prepare(const config::Log& settings) {
    const Present now = present();
    const auto target = [&](const std::filesystem::path& next,
                            const std::filesystem::path& before,
                            const TargetPtr& in_use,
                            const char* key) -> certs::Loaded<TargetPtr> {
        const bool same =
            next == before && (next != config::to_syslog || now.settings.syslog == settings.syslog);
        return same && in_use != nullptr ? in_use : open_target(next, settings.syslog, key);
    };
    LogChange change;
    change.settings_ = settings;
    auto log = target(settings.file, now.settings.file, now.log, "log.file");
    if (!log) {
        return log.error();
    }
    change.log_ = std::move(*log);
    const config::AccessLog& access = settings.access;
    if (access.file == "-" || access.file == settings.file) {
        change.access_ = change.log_;
    } else if (access.enabled()) {
        auto opened = target(access.file, now.settings.access.file, now.access, "log.access");
        if (!opened) {
            return opened.error();
        }
        change.access_ = std::move(*opened);
    }
    return change;
}

void LogChange::apply() {
    const std::scoped_lock lock(open_log_mutex);
    OpenLog& log = *the_log();
    log.lines.outlet->set(log_, settings_.format);
    apply_access(log, settings_.access, access_);
    log::limiter().set(settings_.repeats);
    log.settings = std::move(settings_);
    set_levels(log.settings);
}

certs::Loaded<void> open_log(const config::Log& settings) {
    auto change = LogChange::prepare(settings);
    if (!change) {
        return change.error();
    }
    {
        const std::scoped_lock lock(open_log_mutex);
        the_log() = make_log();
    }
    change->apply();
    auto& log = *the_log();
    for (std::size_t i = 0; i < log::components.size(); ++i) {
        log::components.at(i)->set_output(log.loggers.at(i).get());
    }
    log.telling.emplace(log::tell_repeats, log::Limiter::period);
    return {};
}

std::shared_ptr<const http::AccessLog> access_log() {
    const std::scoped_lock lock(open_log_mutex);
    const auto& log = the_log();
    return log != nullptr && log->settings.access.enabled() ? log->access : nullptr;
}

std::vector<std::filesystem::path> log_files(const config::Log& settings) {
    std::vector<std::filesystem::path> files;
    for (const auto& file : {settings.file, settings.access.file}) {
        if (!file.empty() && file != "-" && file != config::to_syslog) {
            files.push_back(file);
        }
    }
    return files;
}

std::uint64_t dropped_lines() {
    const std::scoped_lock lock(open_log_mutex);
    const auto& log = the_log();
    if (log == nullptr) {
        return 0;
    }
    std::uint64_t dropped = log->lines.overruns() + log->lines.outlet->lost();
    if (log->access_lines) {
        dropped += log->access_lines->overruns() + log->access_lines->outlet->lost();
    }
    return dropped;
}

void reopen_log() {
    const std::scoped_lock lock(open_log_mutex);
    const auto& log = the_log();
    reopen(*log->lines.outlet);
    if (log->settings.access.enabled() &&
        log->access_lines->outlet->target() != log->lines.outlet->target()) {
        reopen(*log->access_lines->outlet);
    }
}

void close_log() {
    const std::scoped_lock lock(open_log_mutex);
    auto& log = the_log();
    if (log == nullptr) {
        return;
    }
    log->telling.reset();
    log::tell_repeats();
    if (log->access_lines) {
        const auto dropped = log->access_lines->overruns();
        log->access_lines->pool.reset();
        if (dropped != 0) {
            log::runtime.error("{} lines of the access log were dropped", dropped);
        }
    }
    // A thread that outlives us, in the token's module, may just be saying something.
    static decltype(log->loggers) kept;
    kept = log->loggers;
    for (log::Component* const component : log::components) {
        component->set_level(log::Level::off);
        component->set_output(nullptr);
    }
    spdlog::default_logger_raw()->set_level(spdlog::level::off);
    log->lines.pool.reset();
    log->access.reset();
    log.reset();
}

}  // namespace hsmfront::runtime
