#include "tests/integration/upgrade_scene.hpp"

#include <algorithm>
#include <csignal>
#include <sys/prctl.h>
#include <sys/wait.h>

namespace hsmfront::test {

UpgradeScene::UpgradeScene() {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    config.extra += "admin: { socket: " + socket().string() + " }\n";
}

void UpgradeScene::TearDown() {
    while (!pids_.empty()) {
        const pid_t pid = pids_.back();
        ::kill(pid, SIGTERM);
        EXPECT_EQ(end_of(pid), 0) << "process " << pid;
    }
    Stage::TearDown();
}

Outcome UpgradeScene::ask(std::vector<std::string> words, milliseconds limit) const {
    words.insert(words.begin(), program());
    words.insert(words.end(), {"-c", (scratch() / "hsmfront.yaml").string()});
    return run(words, limit, token.environment());
}

pid_t UpgradeScene::upgrade() {
    const Outcome answer = ask({"upgrade"}, 120s);
    const std::string begin = "upgraded: process ";
    EXPECT_EQ(answer.code, 0) << answer.error << answer.out;
    if (!answer.out.starts_with(begin)) {
        ADD_FAILURE() << answer.out;
        return 0;
    }
    pids_.push_back(std::stoi(answer.out.substr(begin.size())));
    return pids_.back();
}

std::optional<int> UpgradeScene::end_of(pid_t pid, milliseconds limit) {
    std::erase(pids_, pid);
    int status = 0;
    if (!eventually([&] { return ::waitpid(pid, &status, WNOHANG) == pid; }, limit)) {
        return std::nullopt;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace hsmfront::test
