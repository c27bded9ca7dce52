// What an idle FTPS session or HTTPS connection costs; bench/run --suite idle-ftps and idle-https
// measure it with thousands.
#include "tests/harness/stage.hpp"

#include <iostream>

namespace hsmfront::test {
namespace {

class IdleMemory : public Stage, public ::testing::WithParamInterface<const char*> {
  protected:
    /// Opens `count` sessions of `mode` (see bench/clients/idle_sessions.cpp); what each costs must
    /// be less than `limit_kib`.
    void expect_little(
        std::uint16_t port, const char* mode, std::size_t count, std::size_t limit_kib
    ) {
        const std::size_t before = front->private_memory_kib();
        Command command;
        command.argv = {
            IDLE_SESSIONS, std::to_string(port), std::to_string(count), mode, GetParam()};
        command.output = scratch() / "clients";
        const Process crowd(command);
        const auto output = [this] { return text_of(scratch() / "clients"); };
        ASSERT_TRUE(eventually([&output] { return !output().empty(); }, 60s));
        ASSERT_EQ(output(), "ready " + std::to_string(count) + "\n");
        const std::size_t held = front->private_memory_kib();
        std::cout << before << " KiB before, " << held << " KiB with " << count << " of " << mode
                  << "\n";
        if (!sanitized) {
            EXPECT_LT(held - before, limit_kib * count);
        }
    }
};

INSTANTIATE_TEST_SUITE_P(Tls, IdleMemory, ::testing::Values("1.2", "1.3"), [](const auto& version) {
    return version.param == std::string("1.2") ? "v12" : "v13";
});

/// Measured: 29 KiB, with what the first sessions cost once and for all. One buffer of 64 KiB, or
/// TLS's own two of 16 KiB, held by each session would show.
TEST_P(IdleMemory, OfASessionIsLessThanABuffer) {
    config.http.enabled = false;
    config.ftp.backend_port = ports.next();
    Command command;
    command.argv = {
        "python3",
        HSMFRONT_SOURCE_DIR "/bench/backends/idle_ftp.py",
        std::to_string(config.ftp.backend_port)};
    const Process backend(command);
    ASSERT_TRUE(eventually([this] { return listens(config.ftp.backend_port); }));
    start();
    expect_little(config.ftp.explicit_port, "explicit", 300, 40);
}

/// Measured: 22 to 25 KiB, with what the first connections cost once and for all.
TEST_P(IdleMemory, OfAnHttpsConnectionIsLessThanABuffer) {
    config.ftp.enabled = false;
    start();
    expect_little(config.http.port, "https", 500, 28);
}

/// Measured: 35 KiB, of which nghttp2 takes 14.
TEST_P(IdleMemory, OfAnHttp2ConnectionIsLessThanABuffer) {
    config.ftp.enabled = false;
    start();
    expect_little(config.http.port, "h2", 500, 40);
}

}  // namespace
}  // namespace hsmfront::test
