// Clients before hsmfront, and a shim between it and its FTP server, that fail in every way at
// random: soak EXPLICIT IMPLICIT BACKEND SHIM ROOT CLIENTS SECONDS SEED SERVER-PID PORTS
//   EXPLICIT, IMPLICIT  the proxy's ports
//   BACKEND             the FTP server's port; its working directory after the login is ROOT
//   SHIM                where the shim listens: the proxy's backend
//   CLIENTS, SECONDS    how many at once, for how long
//   SERVER-PID          vsftpd: one of its sessions is killed from time to time
//   PORTS               how many passive ports the proxy has
// Prints "name=value" lines; the exit code is 0 if no violation was found.
#include "tests/tools/soak/shim.hpp"
#include "tests/tools/soak/visit.hpp"

#include <atomic>
#include <chrono>
#include <csignal>
#include <fstream>
#include <iostream>
#include <set>
#include <sstream>
#include <thread>

namespace {

using namespace soak;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

struct Options {
    Front front;
    std::uint16_t backend;
    std::uint16_t shim;
    std::filesystem::path root;
    unsigned clients;
    std::chrono::seconds duration;
    std::uint64_t seed;
    int server;
    std::size_t ports;
};

Options parse(char** argument) {
    const auto number = [argument](int at) { return std::stoull(argument[at]); };
    const auto port = [&number](int at) { return static_cast<std::uint16_t>(number(at)); };
    return {
        {port(1), port(2)},
        port(3),
        port(4),
        argument[5],
        static_cast<unsigned>(number(6)),
        std::chrono::seconds(number(7)),
        number(8),
        static_cast<int>(number(9)),
        number(10)};
}

std::vector<File> make_files(const std::filesystem::path& root) {
    std::vector<File> files{{"empty", 0, 0}};
    for (std::uint64_t seed = 1; seed <= 24; ++seed) {
        const std::size_t size = (std::size_t{1} << (seed % 23)) + seed * 37 % 100;
        files.push_back(
            {"down-" + std::to_string(seed), seed, std::min<std::size_t>(size, 4U << 20U)}
        );
    }
    for (const auto& file : files) {
        write_file(root / file.name, file);
    }
    return files;
}

std::vector<int> children_of(int process) {
    const std::string pid = std::to_string(process);
    std::ifstream file("/proc/" + pid + "/task/" + pid + "/children");
    std::vector<int> found;
    for (int child = 0; file >> child;) {
        found.push_back(child);
    }
    return found;
}

/// Kills one session of the server: any process below it that has none below itself.
bool kill_session(int server, std::mt19937_64& random) {
    int victim = server;
    for (auto children = children_of(victim); !children.empty(); children = children_of(victim)) {
        victim = children[random() % children.size()];
    }
    return victim != server && ::kill(victim, SIGKILL) == 0;
}

/// How many different ports EPSV offers until all were seen: a port that was lent and never came
/// back is missing.
std::size_t ports_offered(const Options& options) {
    FtpsClient client(Style{});
    std::set<std::uint16_t> seen;
    if (!client.log_in(options.front)) {
        return 0;
    }
    for (std::size_t left = 30 * options.ports; left > 0 && seen.size() < options.ports; --left) {
        if (client.prepare() == 229) {
            seen.insert(client.passive_port());
        }
    }
    static_cast<void>(client.ask("QUIT"));
    return seen.size();
}

void run(const Options& options, const Place& place, Tally& tally, Shim& shim) {
    const auto end = Clock::now() + options.duration;
    std::vector<std::thread> clients;
    for (unsigned i = 0; i < options.clients; ++i) {
        clients.emplace_back([&, i] {
            std::mt19937_64 random(options.seed + i);
            while (Clock::now() < end) {
                Visit(place, tally, random).run();
            }
        });
    }
    std::mt19937_64 random(options.seed);
    while (Clock::now() < end) {
        std::this_thread::sleep_for(300ms);
        if (kill_session(options.server, random)) {
            tally.count("server_sessions_killed");
        }
    }
    shim.calm();
    for (auto& client : clients) {
        client.join();
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 11) {
        std::cerr << "usage: soak EXPLICIT IMPLICIT BACKEND SHIM ROOT CLIENTS SECONDS SEED "
                     "SERVER-PID PORTS\n";
        return 2;
    }
    std::signal(SIGPIPE, SIG_IGN);
    const Options options = parse(argv);
    const Place place{options.front, options.root, make_files(options.root)};
    Shim shim(options.shim, options.backend, options.seed);
    Tally tally;
    run(options, place, tally, shim);
    tally.print();
    std::cout << "control_cuts=" << shim.control_cuts() << "\ndata_cuts=" << shim.data_cuts()
              << "\nbackend_data=" << shim.data_connections()
              << "\nports_offered=" << ports_offered(options) << std::endl;
    return tally.clean() ? 0 : 1;
}
