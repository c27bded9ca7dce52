// Component: the lines of one part of the program, which have a level of their own.
#pragma once

#include <spdlog/common.h>
#include <spdlog/fmt/fmt.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

namespace spdlog {
class logger;
}

namespace hsmfront::log {

using Level = spdlog::level::level_enum;

class Component;

/// What a line says beside its text.
struct Facts {
    Level level = Level::info;
    /// It accounts for something that was served: however many there are, each is written.
    bool record = false;
    std::uint64_t session = 0;  ///< 0: it belongs to none
    std::string_view client{};  ///< the session's client; empty: not known
};

/// A function for each level. A line below the component's level costs one comparison: arguments
/// are not formatted, but they are evaluated; what is dear to make goes behind writes().
/// Thread-safe.
template <class Self>
class Levels {
  public:
    template <class... Args>
    void trace(fmt::format_string<Args...> text, const Args&... args) const {
        write(Level::trace, text, args...);
    }
    template <class... Args>
    void debug(fmt::format_string<Args...> text, const Args&... args) const {
        write(Level::debug, text, args...);
    }
    template <class... Args>
    void info(fmt::format_string<Args...> text, const Args&... args) const {
        write(Level::info, text, args...);
    }
    template <class... Args>
    void warn(fmt::format_string<Args...> text, const Args&... args) const {
        write(Level::warn, text, args...);
    }
    template <class... Args>
    void error(fmt::format_string<Args...> text, const Args&... args) const {
        write(Level::err, text, args...);
    }
    template <class... Args>
    void critical(fmt::format_string<Args...> text, const Args&... args) const {
        write(Level::critical, text, args...);
    }
    template <class... Args>
    void write(Level level, fmt::format_string<Args...> text, const Args&... args) const {
        self().submit({level}, text, fmt::make_format_args(args...));
    }
    /// Level info, however many there are (log.repeats).
    template <class... Args>
    void record(fmt::format_string<Args...> text, const Args&... args) const {
        self().submit({Level::info, true}, text, fmt::make_format_args(args...));
    }
    /// The last line of a session: a record() if something was `served`, else one of many that an
    /// attack makes.
    template <class... Args>
    void end(bool served, fmt::format_string<Args...> text, const Args&... args) const {
        self().submit({Level::info, served}, text, fmt::make_format_args(args...));
    }

  private:
    [[nodiscard]] const Self& self() const { return static_cast<const Self&>(*this); }
};

class Component final : public Levels<Component> {
  public:
    constexpr explicit Component(const char* name) noexcept : name_(name) {}
    Component(const Component&) = delete;
    Component& operator=(const Component&) = delete;

    [[nodiscard]] const char* name() const noexcept { return name_; }
    [[nodiscard]] bool writes(Level level) const noexcept {
        return level >= level_.load(std::memory_order_relaxed);
    }
    void set_level(Level level) noexcept { level_.store(level, std::memory_order_relaxed); }
    /// Where lines go, for as long as any may come; null: spdlog's default logger.
    void set_output(spdlog::logger* logger) noexcept { output_.store(logger); }

    /// For Levels: writes the line if its level is on and log.repeats allows it.
    void submit(const Facts& facts, fmt::string_view text, fmt::format_args args) const {
        if (writes(facts.level)) {
            put(facts, text, args);
        }
    }
    /// Writes it, whatever the level and log.repeats.
    void put_always(const Facts& facts, fmt::string_view text, fmt::format_args args) const;

  private:
    void put(const Facts& facts, fmt::string_view text, fmt::format_args args) const;

    const char* name_;
    std::atomic<Level> level_ = Level::info;
    std::atomic<spdlog::logger*> output_ = nullptr;
};

inline constinit Component admin{"admin"};      ///< metrics, status page, admin socket
inline constinit Component ftp{"ftp"};          ///< FTP sessions, transfers and their backend
inline constinit Component hsm{"hsm"};          ///< tokens, PINs and signatures
inline constinit Component http{"http"};        ///< HTTP connections and their backends
inline constinit Component net{"net"};          ///< accepting, limits, PROXY headers
inline constinit Component runtime{"runtime"};  ///< start, stop, reload, the log itself
inline constinit Component tls{"tls"};          ///< certificates, tickets, client certificates

/// All of them, in the order of config::Log::components.
inline constexpr std::array components{&admin, &ftp, &hsm, &http, &net, &runtime, &tls};

/// The lines of one session: they begin with "session ID " in text, and have its id and client as
/// fields in JSON.
class Session final : public Levels<Session> {
  public:
    Session(const Component& component, std::uint64_t id, std::string client)
        : component_(&component), id_(id), client_(std::move(client)) {}

    [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
    [[nodiscard]] bool writes(Level level) const noexcept { return component_->writes(level); }

    /// For Levels.
    void submit(Facts facts, fmt::string_view text, fmt::format_args args) const {
        facts.session = id_;
        facts.client = client_;
        component_->submit(facts, text, args);
    }

  private:
    const Component* component_;
    std::uint64_t id_;
    std::string client_;
};

}  // namespace hsmfront::log
