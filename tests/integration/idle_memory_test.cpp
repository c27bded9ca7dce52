// What an idle FTPS session costs; bench/run --suite idle-ftps measures it with thousands.
#include "tests/harness/stage.hpp"

#include <iostream>

namespace hsmfront::test {
namespace {

constexpr std::size_t sessions = 300;
/// Measured: 26, with what the first sessions cost once and for all. One buffer of 64 KiB, or TLS's
/// own two of 16 KiB, held by each session would show.
constexpr std::size_t limit_kib = 40;

class IdleMemory : public Stage, public ::testing::WithParamInterface<const char*> {
  protected:
    IdleMemory() {
        config.http.enabled = false;
        config.ftp.backend_port = ports.next();
        Command command;
        command.argv = {
            "python3",
            HSMFRONT_SOURCE_DIR "/bench/backends/idle_ftp.py",
            std::to_string(config.ftp.backend_port)};
        backend = std::make_unique<Process>(command);
    }

    [[nodiscard]] Command clients() const {
        Command command;
        command.argv = {
            IDLE_SESSIONS,
            std::to_string(config.ftp.explicit_port),
            std::to_string(sessions),
            "explicit",
            GetParam()};
        command.output = scratch() / "clients";
        return command;
    }

    std::unique_ptr<Process> backend;
};

INSTANTIATE_TEST_SUITE_P(Tls, IdleMemory, ::testing::Values("1.2", "1.3"), [](const auto& version) {
    return version.param == std::string("1.2") ? "v12" : "v13";
});

TEST_P(IdleMemory, OfASessionIsLessThanABuffer) {
    ASSERT_TRUE(eventually([this] { return listens(config.ftp.backend_port); }));
    start();
    const std::size_t before = front->private_memory_kib();
    Process crowd(clients());
    const auto output = [this] { return text_of(scratch() / "clients"); };
    ASSERT_TRUE(eventually([&output] { return !output().empty(); }, 60s));
    ASSERT_EQ(output(), "ready " + std::to_string(sessions) + "\n");
    const std::size_t held = front->private_memory_kib();
    std::cout << before << " KiB before, " << held << " KiB with " << sessions << " sessions\n";
    if (!sanitized) {
        EXPECT_LT(held - before, limit_kib * sessions);
    }
}

}  // namespace
}  // namespace hsmfront::test
