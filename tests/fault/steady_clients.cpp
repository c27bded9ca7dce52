// SteadyClients: transfers and kept-alive connections that must not notice what happens to the HSM.
#include "tests/fault/steady_clients.hpp"

#include <sstream>
#include <stdexcept>

namespace hsmfront::test {
namespace {

constexpr std::size_t download_size = 64'000'000;

/// "name=value" lines.
std::map<std::string, std::string> values_of(const std::string& text) {
    std::map<std::string, std::string> values;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (const auto equals = line.find('='); equals != std::string::npos) {
            values[line.substr(0, equals)] = line.substr(equals + 1);
        }
    }
    return values;
}

}  // namespace

SteadyClients::SteadyClients(Ports ports, std::filesystem::path root, std::filesystem::path scratch)
    : root_(std::move(root)), scratch_(std::move(scratch)) {
    write_random(root_ / "big.bin", download_size);
    Command command;
    command.argv = {
        "python3",
        HSMFRONT_SOURCE_DIR "/tests/tools/steady.py",
        std::to_string(ports.ftp),
        std::to_string(ports.https),
        Material::get().ca().string(),
        (scratch_ / "stop").string()};
    command.output = scratch_ / "steady.out";
    command.error = scratch_ / "steady.error";
    process_ = std::make_unique<Process>(command);
    const bool ready =
        eventually([&] { return text_of(command.output).find("ready") != std::string::npos; });
    if (!ready) {
        throw std::runtime_error("steady.py: " + complaints());
    }
}

std::map<std::string, long> SteadyClients::finish() {
    write_file(scratch_ / "stop", "");
    EXPECT_EQ(process_->wait(60s), 0) << complaints();
    auto seen = values_of(text_of(scratch_ / "steady.out"));
    EXPECT_EQ(seen["upload_sha256"], sha256(root_ / "steady.bin"));
    EXPECT_EQ(seen["download_sha256"], sha256(root_ / "big.bin"));
    EXPECT_EQ(seen["downloaded"], std::to_string(download_size));
    const auto number = [&seen](const std::string& name) {
        return std::strtol(seen[name].c_str(), nullptr, 10);
    };
    EXPECT_LT(number("slow"), static_cast<long>(download_size)) << "the download ended too soon";
    std::map<std::string, long> counts{{"uploaded", number("uploaded")}};
    for (const std::string name : {"requests", "handshakes", "refused"}) {
        EXPECT_TRUE(seen.contains(name + "1") && seen.contains(name + "2")) << name;
        counts[name] = number(name + "1") + number(name + "2");
    }
    return counts;
}

}  // namespace hsmfront::test
