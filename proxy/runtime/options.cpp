#include "proxy/runtime/options.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

namespace hsmfront::runtime {
namespace {

constexpr std::string_view general_help = R"(Usage: hsmfront COMMAND [OPTIONS]

Terminates FTPS and HTTPS with private keys that stay in a PKCS#11 token, and forwards
plain text to FTP and HTTP servers.

Commands:
  serve      run the proxy
  check      report every error of the configuration file, its certificates and ports
  version    print the version
  help       print this text; "hsmfront COMMAND --help" tells about a command

Exit codes: 0 done, 1 failed, 2 wrong usage or configuration.
)";

constexpr std::string_view common_options = R"(
Options:
  -c, --config FILE    configuration file (default: /etc/hsmfront/hsmfront.yaml)
      --set KEY=VALUE  override a key of the file, for example --set ftp.hsm.enabled=false;
                       names are case-insensitive; may be given more than once
  -h, --help           print this text
)";

constexpr std::string_view serve_help = R"(Usage: hsmfront serve [-c FILE] [--set KEY=VALUE]...

Runs the proxy in the foreground, logging to stderr or to log.file.

Signals: SIGTERM or SIGINT stops accepting and ends when all sessions have ended, at the latest
after shutdown.drain; a second one ends at once. SIGUSR1 opens the log file again.

Exit codes: 0 stopped by a signal, 1 no protocol could start, 2 wrong usage or configuration.
)";

constexpr std::string_view check_help = R"(Usage: hsmfront check [-c FILE] [--set KEY=VALUE]...

Reads the configuration as "serve" would and reports all that is wrong with it, with the
certificates and with the ports. Does not touch the HSM and needs no PIN.

Exit codes: 0 nothing wrong, 2 something is.
)";

struct CommandEntry {
    std::string_view name;
    Options::Command command;
    std::string_view help;
};

constexpr std::array commands{
    CommandEntry{"serve", Options::Command::serve, serve_help},
    CommandEntry{"check", Options::Command::check, check_help},
    CommandEntry{"version", Options::Command::version, general_help},
    CommandEntry{"--version", Options::Command::version, general_help},
    CommandEntry{"help", Options::Command::help, general_help},
    CommandEntry{"--help", Options::Command::help, general_help},
    CommandEntry{"-h", Options::Command::help, general_help},
};

class Parser {
  public:
    explicit Parser(std::span<const char* const> arguments) : arguments_(arguments) {}

    Options parse() {
        if (arguments_.empty()) {
            return failed("no command given");
        }
        const std::string_view name = arguments_.front();
        const auto* entry = std::find_if(commands.begin(), commands.end(), [&](const auto& c) {
            return c.name == name;
        });
        if (entry == commands.end()) {
            return failed("unknown command \"" + std::string(name) + "\"");
        }
        options_.command = entry->command;
        options_.help = entry->help;
        for (position_ = 1; position_ < arguments_.size() && options_.error.empty(); ++position_) {
            parse_option(arguments_[position_], *entry);
        }
        return options_;
    }

  private:
    Options failed(std::string why) {
        options_.error = std::move(why);
        return options_;
    }

    void parse_option(std::string_view argument, const CommandEntry& entry) {
        if (argument == "-h" || argument == "--help") {
            options_.command = Options::Command::help;
            options_.help = entry.help;
            if (entry.command == Options::Command::serve ||
                entry.command == Options::Command::check) {
                options_.help += common_options;
            }
        } else if (argument == "-c" || argument == "--config" || argument.starts_with("--config=")) {
            options_.config = value_of(argument);
        } else if (argument == "--set" || argument.starts_with("--set=")) {
            options_.overrides.push_back(value_of(argument));
        } else {
            failed("unknown option \"" + std::string(argument) + "\"");
        }
    }

    /// "--name=value" or "--name value".
    std::string value_of(std::string_view argument) {
        const auto equals = argument.find('=');
        if (argument.starts_with("--") && equals != std::string_view::npos) {
            return std::string(argument.substr(equals + 1));
        }
        if (position_ + 1 >= arguments_.size()) {
            failed("option \"" + std::string(argument) + "\" needs a value");
            return {};
        }
        return arguments_[++position_];
    }

    std::span<const char* const> arguments_;
    std::size_t position_ = 0;
    Options options_;
};

}  // namespace

Options parse_options(int argc, const char* const* argv) {
    const auto count = static_cast<std::size_t>(std::max(argc, 1));
    return Parser(std::span(argv, count).subspan(1)).parse();
}

}  // namespace hsmfront::runtime
