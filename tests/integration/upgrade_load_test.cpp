// Reloads and upgrades, again and again, under load: no request and no transfer may fail, and
// nothing may grow.
#include "tests/integration/upgrade_scene.hpp"

#include <array>
#include <iostream>
#include <iterator>
#include <memory>
#include <sstream>

namespace hsmfront::test {
namespace {

struct Size {
    std::size_t memory_kib = 0;  ///< Private_Dirty of proc(5), smaps_rollup
    std::size_t descriptors = 0;
};

Size size_of_process(pid_t pid) {
    const std::filesystem::path proc = "/proc/" + std::to_string(pid);
    Size size;
    std::istringstream fields(text_of(proc / "smaps_rollup"));
    for (std::string field; fields >> field;) {
        if (field == "Private_Dirty:") {
            fields >> size.memory_kib;
        }
    }
    const std::filesystem::directory_iterator open(proc / "fd");
    size.descriptors = static_cast<std::size_t>(std::distance(begin(open), end(open)));
    return size;
}

class UpgradeLoad : public UpgradeScene {
  protected:
    /// tests/tools/regulars.py.
    void begin_load() {
        Command command;
        command.argv = {
            "python3",
            HSMFRONT_SOURCE_DIR "/tests/tools/regulars.py",
            std::to_string(config.ftp.explicit_port),
            std::to_string(config.http.port),
            Material::get().ca().string(),
            (scratch() / "stop").string()};
        command.output = output();
        load_ = std::make_unique<Process>(command);
        ASSERT_TRUE(eventually([&] { return text_of(output()).starts_with("ready"); }, 60s))
            << text_of(output());
    }
    void end_load() {
        write_file(scratch() / "stop", "");
        EXPECT_EQ(load_->wait(120s), 0) << text_of(output());
        std::cout << text_of(output());
    }
    [[nodiscard]] bool load_goes_on() { return load_->running(); }
    [[nodiscard]] std::filesystem::path output() const { return scratch() / "load.log"; }

    /// Each moves a port; the clients' stay.
    void reload(int times) {
        for (int i = 0; i < times && load_goes_on(); ++i) {
            config.ftp.implicit_port = moving_[static_cast<std::size_t>(i) % moving_.size()];
            rewrite_configuration();
            const auto answer = ask({"reload"});
            ASSERT_EQ(answer.code, 0) << answer.out << answer.error;
        }
    }
    void upgrade_often(int times) {
        for (int i = 0; i < times && load_goes_on(); ++i) {
            const pid_t before = serving();
            upgrade();
            if (before == front->process().pid()) {
                EXPECT_EQ(front->process().wait(120s), 0);
            } else {
                EXPECT_EQ(end_of(before, 120s), 0);
            }
        }
    }

  private:
    std::unique_ptr<Process> load_;
    const std::array<std::uint16_t, 2> moving_{ports.next(), ports.next()};
};

TEST_F(UpgradeLoad, NothingFailsInAFew) {
    start();
    begin_load();
    reload(10);
    upgrade_often(2);
    reload(5);
    end_load();
    EXPECT_EQ(front->error_lines(), 0U) << front->log();
}

/// Sessions of the load come and go; the process' own memory is the same at both ends.
void expect_no_growth(const Size& before, const Size& after) {
    std::cout << "memory " << before.memory_kib << " -> " << after.memory_kib
              << " KiB, descriptors " << before.descriptors << " -> " << after.descriptors << "\n";
    EXPECT_LE(after.memory_kib, before.memory_kib * 12 / 10 + 4096);
    EXPECT_LE(after.descriptors, before.descriptors + 30);
}

class LongTransferUpgradeLoad : public UpgradeLoad {};

TEST_F(LongTransferUpgradeLoad, ThousandReloads) {
    start();
    begin_load();
    reload(200);
    const Size before = size_of_process(serving());
    reload(800);
    const Size after = size_of_process(serving());
    end_load();
    expect_no_growth(before, after);
    EXPECT_EQ(front->error_lines(), 0U) << front->log();
}

TEST_F(LongTransferUpgradeLoad, TwentyUpgrades) {
    start();
    begin_load();
    upgrade_often(2);
    const Size before = size_of_process(serving());
    upgrade_often(18);
    const Size after = size_of_process(serving());
    end_load();
    expect_no_growth(before, after);
    EXPECT_EQ(front->error_lines(), 0U) << front->log();
}

}  // namespace
}  // namespace hsmfront::test
