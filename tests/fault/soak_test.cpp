// Many FTPS clients at once, while clients, backend and the connections to it fail in every way at
// random. What a success reply spoke of must be there, and nothing may be left behind.
#include "tests/fault/process_counts.hpp"
#include "tests/harness/stage.hpp"

#include <cstdlib>
#include <iostream>
#include <random>
#include <sstream>

namespace hsmfront::test {
namespace {

/// `settle`: after this long memory has found its level.
struct Extent {
    const char* name;
    int clients;
    std::chrono::seconds duration;
    std::chrono::seconds settle;
    std::size_t growth_kib;
};

void PrintTo(const Extent& extent, std::ostream* out) { *out << extent.name; }

class Soak : public Stage, public ::testing::WithParamInterface<Extent> {
  protected:
    /// Below the blocks of ports that other tests use.
    static constexpr std::uint16_t first_port = 11'000;

    Soak() {
        config.http.enabled = false;
        config.ftp.backend_port = shim_port;
        config.ftp.passive_first = first_port;
        config.ftp.passive_last = static_cast<std::uint16_t>(first_port + port_count() - 1);
        config.ftp.extra = "timeouts: { data_stall: 20s }";
    }

    [[nodiscard]] static int port_count() { return 2 * GetParam().clients; }

    /// Of HSMFRONT_SOAK_SEED, to see a failure again; else another one each time.
    [[nodiscard]] static unsigned seed() {
        const char* given = std::getenv("HSMFRONT_SOAK_SEED");
        return given != nullptr ? static_cast<unsigned>(std::strtoul(given, nullptr, 10))
                                : std::random_device{}();
    }

    [[nodiscard]] Command clients() const {
        const unsigned chosen = seed();
        std::cout << "HSMFRONT_SOAK_SEED=" << chosen << std::endl;
        Command command;
        for (const auto& number :
             {config.ftp.explicit_port, config.ftp.implicit_port, vsftpd.port(), shim_port}) {
            command.argv.push_back(std::to_string(number));
        }
        command.argv.insert(command.argv.begin(), SOAK);
        command.argv.push_back(vsftpd.root().string());
        for (const long number :
             {long{GetParam().clients},
              static_cast<long>(GetParam().duration.count()),
              static_cast<long>(chosen),
              static_cast<long>(vsftpd.pid()),
              long{port_count()}}) {
            command.argv.push_back(std::to_string(number));
        }
        command.output = scratch() / "soak.out";
        command.error = scratch() / "soak.error";
        return command;
    }

    /// Runs the clients to their end; the proxy's memory early and late, in KiB.
    [[nodiscard]] std::pair<std::size_t, std::size_t> run_clients() {
        Process soak(clients());
        static_cast<void>(soak.wait(GetParam().settle));
        const auto early = resident_kib(front->process().pid());
        EXPECT_EQ(soak.wait(GetParam().duration + 3min), 0) << text_of(scratch() / "soak.error");
        return {early, resident_kib(front->process().pid())};
    }

    /// `name=` lines of the clients' report.
    [[nodiscard]] std::vector<std::string> reported(const std::string& name) const {
        std::vector<std::string> values;
        std::istringstream lines(text_of(scratch() / "soak.out"));
        for (std::string line; std::getline(lines, line);) {
            if (line.starts_with(name + "=")) {
                values.push_back(line.substr(name.size() + 1));
            }
        }
        return values;
    }

    [[nodiscard]] long count(const std::string& name) const {
        const auto values = reported(name);
        return values.empty() ? 0 : std::stol(values.front());
    }

    void expect_no_cut_upload_taken_as_complete() const {
        std::istringstream lines(vsftpd.log());
        std::string complete;
        for (std::string line; std::getline(lines, line);) {
            complete += line.find("OK UPLOAD") != std::string::npos ? line + "\n" : "";
        }
        for (const auto& name : reported("unfinished")) {
            EXPECT_EQ(complete.find(name), std::string::npos) << name << " was never ended";
        }
    }

    void report() const {
        std::istringstream lines(text_of(scratch() / "soak.out"));
        for (std::string line; std::getline(lines, line);) {
            if (!line.starts_with("unfinished=")) {
                std::cout << line << "\n";
            }
        }
        std::cout << "uploads_never_ended=" << reported("unfinished").size() << "\n";
    }

    std::uint16_t shim_port = ports.next();
};

INSTANTIATE_TEST_SUITE_P(
    Fault,
    Soak,
    ::testing::Values(Extent{"short", 40, 15s, 8s, 12'000}),
    [](const auto& extent) { return std::string(extent.param.name); }
);
INSTANTIATE_TEST_SUITE_P(
    LongFault,
    Soak,
    ::testing::Values(Extent{"full", 200, 5min, 1min, 12'000}),
    [](const auto& extent) { return std::string(extent.param.name); }
);

TEST_P(Soak, KeepsItsWordAndLeavesNothingBehind) {
    start();
    const ProcessCounts quiet = counts_of(front->process().pid());
    const auto [early, late] = run_clients();
    report();
    std::cout << "RSS " << early << " KiB early, " << late << " KiB at the end\n";

    EXPECT_GT(count("uploads_done"), GetParam().clients);
    EXPECT_GT(count("downloads_done"), GetParam().clients);
    EXPECT_EQ(count("ports_offered"), port_count()) << "passive ports that did not come back";
    expect_no_cut_upload_taken_as_complete();
    ProcessCounts counts;
    EXPECT_TRUE(eventually([&] {
        counts = counts_of(front->process().pid());
        return counts == quiet;
    })) << to_string(counts)
        << " instead of " << to_string(quiet);
    if (!sanitized) {  // those keep freed memory back on purpose
        EXPECT_LT(late, early + GetParam().growth_kib);
    }
    EXPECT_EQ(front->error_lines(), 0U);
}

}  // namespace
}  // namespace hsmfront::test
