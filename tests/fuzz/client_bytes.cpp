// Fuzz target: what a client may send on the control connection. LineSplitter, Command, PORT, EPRT.
#include "proxy/ftp/command.hpp"
#include "proxy/ftp/endpoint.hpp"
#include "proxy/ftp/line_splitter.hpp"
#include "tests/fuzz/pieces.hpp"
#include "tests/fuzz/require.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace hsmfront::fuzz {
namespace {

using namespace std::string_view_literals;

struct Lines {
    std::vector<std::string> lines;
    error_code error;
    bool empty = true;

    friend bool operator==(const Lines&, const Lines&) = default;
};

Lines split(const Pieces& pieces, std::size_t limit) {
    ftp::LineSplitter splitter(limit);
    Lines result;
    for (const auto piece : pieces) {
        splitter.append(piece);
        auto line = splitter.next();
        while (line && *line) {
            result.lines.push_back(std::move(**line));
            line = splitter.next();
        }
        if (!line) {
            result.error = line.error();
            require(splitter.next().error() == result.error, "a broken splitter stays broken");
            break;
        }
    }
    result.empty = splitter.empty();
    return result;
}

Lines check_splitting(std::string_view bytes, std::size_t limit) {
    const Lines whole = split({bytes}, limit);
    require(split(bytewise(bytes), limit) == whole, "bytes alone give the same lines");
    require(split(scattered(bytes), limit) == whole, "pieces give the same lines");
    require(!whole.error || !whole.empty, "a broken splitter is not empty");
    std::string joined;
    for (const auto& line : whole.lines) {
        require(line.size() <= limit, "a line is within the limit");
        require(line.find_first_of("\r\n\0"sv) == std::string::npos, "a line has no CR, LF, NUL");
        joined.append(line).append("\r\n");
    }
    if (bytes.find('\xff') == std::string_view::npos) {
        require(bytes.starts_with(joined), "without Telnet, lines are the bytes as they came");
        require(whole.error || whole.empty == (joined == bytes), "nothing is kept or lost");
    }
    return whole;
}

void check_port(std::string_view text) {
    const auto endpoint = ftp::parse_port(text);
    if (!endpoint) {
        return;
    }
    require(endpoint->address().is_v4() && endpoint->port() != 0, "PORT gives an endpoint");
    const auto again = ftp::parse_port(ftp::format_port(*endpoint));
    require(again && *again == *endpoint, "PORT survives our notation");
    const auto reply = ftp::format_pasv(endpoint->address().to_v4(), endpoint->port());
    const auto port = ftp::parse_pasv_reply(reply);
    require(port && *port == endpoint->port(), "227 gives the port that was written");
}

void check_eprt(std::string_view text) {
    const auto endpoint = ftp::parse_eprt(text);
    if (!endpoint) {
        return;
    }
    require(endpoint->port() != 0, "EPRT gives a port");
    require(!ftp::to_string(*endpoint).empty(), "an endpoint can be logged");
    require(ftp::same_host(endpoint->address(), endpoint->address()), "a host is itself");
    const std::string family = endpoint->address().is_v4() ? "!1!" : "!2!";
    const auto again = ftp::parse_eprt(
        family + endpoint->address().to_string() + "!" + std::to_string(endpoint->port()) + "!"
    );
    require(again && *again == *endpoint, "EPRT survives another delimiter");
    const auto ours = ftp::parse_eprt(ftp::format_eprt(*endpoint));
    require(ours && *ours == *endpoint, "EPRT survives our notation");
    const auto port = ftp::parse_epsv_reply(ftp::format_epsv(endpoint->port()));
    require(port && *port == endpoint->port(), "229 gives the port that was written");
}

bool is_control(char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }

void check_command(const std::string& line) {
    const ftp::Command command = ftp::parse_command(line);
    require(command.line == line, "a command keeps its line");
    require(line.ends_with(command.argument()), "an argument is the end of the line");
    require(
        std::ranges::all_of(command.verb, [](char c) { return c >= 'A' && c <= 'Z'; }),
        "a verb is in upper case"
    );
    const std::string shown = command.loggable();
    require(std::ranges::none_of(shown, is_control), "a log line has no control bytes");
    std::string start = line.substr(0, 5);
    std::ranges::transform(start, start.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    for (const auto* secret : {"PASS", "ACCT", "ADAT"}) {
        if (start.starts_with(secret) && (start.size() == 4 || start[4] == ' ')) {
            require(shown == std::string{secret} + " ***", "a secret is not logged");
        }
    }
    require(!command.verb.empty() || shown == "(no command)", "what is no command is not logged");
    check_port(command.argument());
    check_eprt(command.argument());
}

}  // namespace
}  // namespace hsmfront::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hsmfront::fuzz;
    constexpr std::size_t short_limit = 48;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    static_cast<void>(check_splitting(bytes, short_limit));
    for (const auto& line :
         check_splitting(bytes, hsmfront::ftp::LineSplitter::default_limit).lines) {
        check_command(line);
    }
    return 0;
}
