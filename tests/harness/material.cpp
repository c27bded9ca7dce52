// Keys and certificates shared by all tests of a build, and a token copied for each test.
#include "tests/harness/material.hpp"

#include "tests/harness/files.hpp"
#include "tests/harness/process.hpp"

#include <fcntl.h>
#include <stdexcept>
#include <sys/file.h>
#include <unistd.h>

namespace hsmfront::test {
namespace {

namespace fs = std::filesystem;

/// Tests run in parallel processes: the first one makes it, the others wait for it.
Material make() {
    const fs::path directory = fs::path(HSMFRONT_BUILD_DIR) / "test-material";
    fs::create_directories(directory.parent_path());
    const int lock =
        ::open((directory.string() + ".lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644);
    ::flock(lock, LOCK_EX);
    const fs::path complete = directory / "complete";
    if (!fs::exists(complete)) {
        fs::remove_all(directory);
        const auto made = run(
            {HSMFRONT_SOURCE_DIR "/tests/harness/make_material.sh",
             directory.string(),
             HSMFRONT_SOURCE_DIR "/certs/internal-ca.sh"}
        );
        if (made.code != 0) {
            throw std::runtime_error("make_material.sh failed: " + made.out + made.error);
        }
        write_file(complete, "");
    }
    ::close(lock);
    return Material{directory};
}

}  // namespace

const Material& Material::get() {
    static const Material material = make();
    return material;
}

Token::Token(const fs::path& directory) : configuration_(directory / "softhsm2.conf") {
    fs::create_directories(directory);
    fs::copy(Material::get().directory / "token", directory / "token", fs::copy_options::recursive);
    write_file(
        configuration_,
        "directories.tokendir = " + (directory / "token").string() +
            "\nobjectstore.backend = file\nlog.level = ERROR\n"
    );
}

std::map<std::string, std::string> Token::environment() const {
    return {{"SOFTHSM2_CONF", configuration_.string()}};
}

}  // namespace hsmfront::test
