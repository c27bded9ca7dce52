#include "tests/harness/balancer.hpp"

#include "tests/harness/files.hpp"

#include <stdexcept>

namespace hsmfront::test {
namespace {

namespace fs = std::filesystem;

/// All ports are bound before any is served, so `ready` tells of them without a connection that
/// would go on to the proxy.
std::string configuration(
    const std::string& address, const std::vector<Way>& ways, std::uint16_t ready
) {
    std::string text =
        "global\n  log stdout format raw local0 info\n"
        "defaults\n  mode tcp\n  log global\n  timeout connect 5s\n  timeout client 60s\n"
        "  timeout server 60s\n"
        "  log-format \"client %[src] %fp name=%[fc_pp_authority] id=%[fc_pp_unique_id]\"\n"
        "frontend ready\n  tcp-request connection reject\n  bind 127.0.0.1:" +
        std::to_string(ready) + "\n";
    for (std::size_t i = 0; i < ways.size(); ++i) {
        text += "listen way" + std::to_string(i) + "\n  bind " + ways[i].bind + "\n  server s " +
                ways[i].server + " source " + address + "\n";
    }
    return text;
}

Command command(const fs::path& directory, const std::string& text) {
    fs::create_directories(directory);
    const fs::path file = directory / "haproxy.cfg";
    write_file(file, text);
    Command command;
    command.argv = {"haproxy", "-db", "-f", file.string()};
    command.env = {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}};
    command.output = directory / "output.log";
    return command;
}

}  // namespace

Balancer::Balancer(
    const fs::path& directory,
    PortBlock& ports,
    const std::string& address,
    const std::vector<Way>& ways
)
    : log_(directory / "output.log"),
      ready_(ports.next()),
      process_(command(directory, configuration(address, ways, ready_))) {
    if (!eventually([this] { return listens(ready_) || !process_.running(); }) ||
        !process_.running()) {
        throw std::runtime_error("haproxy did not start: " + log());
    }
}

std::string Balancer::log() const { return text_of(log_); }

}  // namespace hsmfront::test
