// KeyTable: the log.
#include "config/key_table.hpp"
#include "config/problem.hpp"

namespace hsmfront::config {
namespace {

Key log_file() {
    const auto at = [](Settings& s) { return &s.log.file; };
    Key key = or_empty("stderr", text("log.file", at), at);
    key.expected = "stderr, syslog or a path";
    return key;
}

std::string check_access_file(const std::string& text) {
    return text == "stderr" ? "write \"-\" for where the log goes" : check_filled(text);
}

Key access_file() {
    const auto at = [](Settings& s) { return &s.log.access.file; };
    Key key = or_empty("none", text("log.access.file", at, check_access_file), at);
    key.expected = "none, - (where the log goes), syslog or a path";
    return key;
}

template <class At>
Key log_level(std::string path, At at) {
    return choice<std::string>(
        std::move(path),
        at,
        {{"trace", "trace"},
         {"debug", "debug"},
         {"info", "info"},
         {"warn", "warn"},
         {"error", "error"}}
    );
}

template <class At>
Key log_format(std::string path, At at) {
    return choice<LogFormat>(
        std::move(path), at, {{"text", LogFormat::text}, {"json", LogFormat::json}}
    );
}

Key syslog_address() {
    Key key;
    key.path = "log.syslog.address";
    key.expected = "the path of a unix socket, or an IP address and a port";
    key.read = [](Settings& settings, const std::vector<std::string>& values) {
        Syslog& syslog = settings.log.syslog;
        if (values.front().starts_with('/')) {
            syslog.path = values.front();
            return std::string{};
        }
        auto endpoint = parse_endpoint(values.front());
        if (!endpoint) {
            return endpoint.error() + "; or a path such as /dev/log";
        }
        syslog.path.clear();
        syslog.endpoint = std::move(*endpoint);
        return std::string{};
    };
    return key;
}

/// Those of programs, not of the kernel.
Key syslog_facility() {
    std::vector<std::pair<std::string, std::string>> names;
    for (const char* const name :
         {"user",
          "mail",
          "daemon",
          "auth",
          "syslog",
          "news",
          "cron",
          "authpriv",
          "ftp",
          "local0",
          "local1",
          "local2",
          "local3",
          "local4",
          "local5",
          "local6",
          "local7"}) {
        names.emplace_back(name, name);
    }
    return choice<std::string>(
        "log.syslog.facility", [](Settings& s) { return &s.log.syslog.facility; }, std::move(names)
    );
}

}  // namespace

std::vector<Key> log_keys() {
    std::vector<Key> all;
    all.push_back(log_level("log.level", [](Settings& s) { return &s.log.level; }));
    for (const char* const component : Log::components) {
        all.push_back(example(log_level(
            std::string("log.levels.") + component,
            [component](Settings& s) { return &s.log.levels[component]; }
        )));
    }
    all.push_back(log_format("log.format", [](Settings& s) { return &s.log.format; }));
    all.push_back(log_file());
    all.push_back(rate("log.repeats", [](Settings& s) { return &s.log.repeats; }));
    all.push_back(syslog_address());
    all.push_back(syslog_facility());
    all.push_back(access_file());
    all.push_back(log_format("log.access.format", [](Settings& s) { return &s.log.access.format; })
    );
    return all;
}

}  // namespace hsmfront::config
