// FrontStage: the proxy in a directory of its own, with ports of its own; backends are for others.
#include "tests/harness/front_stage.hpp"

#include <iostream>

namespace hsmfront::test {

FrontStage::FrontStage() {
    config.ftp.explicit_port = ports.next();
    config.ftp.implicit_port = ports.next();
    config.ftp.passive_first = ports.range_first();
    config.ftp.passive_last = ports.range_last();
    config.http.port = ports.next();
}

Front& FrontStage::launch(int terminal) {
    front = std::make_unique<Front>(config, dir_.path(), terminal);
    return *front;
}

void FrontStage::start() {
    launch();
    if (config.ftp.enabled) {
        ASSERT_TRUE(front->up("ftp"));
    }
    if (config.http.enabled) {
        ASSERT_TRUE(front->up("http"));
    }
}

void FrontStage::TearDown() {
    if (!front) {
        return;
    }
    if (front->process().running()) {
        EXPECT_EQ(front->process().stop(30s), 0) << "hsmfront did not stop well on SIGTERM";
    }
    EXPECT_EQ(front->line_with("Sanitizer:"), "");
    if (HasFailure()) {
        std::cout << "--- hsmfront.yaml\n"
                  << config.yaml() << "--- hsmfront\n"
                  << front->log() << std::flush;
    }
}

}  // namespace hsmfront::test
