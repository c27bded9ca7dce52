// LogScene: a proxy whose log the test chooses, and changes while it runs.
#pragma once

#include "tests/harness/stage.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <sstream>
#include <string>

namespace hsmfront::test {

class LogScene : public Stage {
  protected:
    LogScene() { set_log("{}"); }

    /// The section log, in flow style.
    void set_log(const std::string& section) {
        config.extra = "log: " + section +
                       "\nadmin: { socket: " + (scratch() / "admin.sock").string() + " }\n";
    }

    /// Starts a proxy whose log is not its standard error.
    void start_silently() {
        launch();
        ASSERT_TRUE(eventually([&] {
            return curl({https("/small")}).out == "small" &&
                   curl({"--user", "ftp:x", ftp("/")}).code == 0;
        })) << front->log();
    }

    /// What the command says.
    std::string reload() {
        write_file(scratch() / "hsmfront.yaml", config.yaml());
        const auto outcome = ask({"reload"});
        return outcome.out + outcome.error;
    }

    [[nodiscard]] Outcome ask(std::vector<std::string> words) const {
        words.insert(words.begin(), program());
        words.insert(words.end(), {"-c", (scratch() / "hsmfront.yaml").string()});
        return run(words, 60s, token.environment());
    }

    /// hsmfront_log_lines_dropped_total.
    [[nodiscard]] long dropped() const {
        const std::string metrics = ask({"status", "--metrics"}).out;
        const std::string name = "\nhsmfront_log_lines_dropped_total ";
        const auto at = metrics.find(name);
        return at == std::string::npos ? -1 : std::stol(metrics.substr(at + name.size()));
    }

    /// The proxy's standard error, without what AddressSanitizer says of stacks that are switched,
    /// as OpenSSL's jobs are.
    [[nodiscard]] std::string errors() const {
        std::istringstream lines(front->log());
        std::string kept;
        for (std::string line; std::getline(lines, line);) {
            const bool sanitizers = line.find("WARNING: ASan is ignoring") != std::string::npos ||
                                    line.starts_with("False positive error reports") ||
                                    line.starts_with("For details see https://");
            kept += sanitizers ? "" : line + "\n";
        }
        return kept;
    }

    [[nodiscard]] bool written(const std::filesystem::path& file, const std::string& text) const {
        return eventually([&] { return text_of(file).find(text) != std::string::npos; });
    }
};

}  // namespace hsmfront::test
