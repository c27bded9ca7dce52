// The README's session from an empty token to clients on both protocols, executed literally.
#include "tests/harness/stage.hpp"

#include <gmock/gmock.h>

#include <cstdlib>

namespace hsmfront::test {
namespace {

using ::testing::HasSubstr;

/// The fenced block behind the marker that names this file.
std::string readme_session() {
    const std::string readme = text_of(HSMFRONT_SOURCE_DIR "/README.md");
    const auto marker = readme.find("<!-- lifecycle: tests/integration/lifecycle_test.cpp -->");
    const auto fence = readme.find("```bash\n", marker);
    const auto end = readme.find("\n```\n", fence);
    if (marker == std::string::npos || fence == std::string::npos || end == std::string::npos) {
        throw std::runtime_error("README.md has no lifecycle session");
    }
    const auto begin = readme.find('\n', fence) + 1;
    return readme.substr(begin, end + 1 - begin);
}

struct KeyTypes {
    const char* ftp;
    const char* http;
};

class Lifecycle : public ::testing::TestWithParam<KeyTypes> {
  protected:
    Lifecycle() : vsftpd(dir.path() / "vsftpd", ports), nginx(dir.path() / "nginx", ports) {}

    [[nodiscard]] std::map<std::string, std::string> variables() {
        const auto home = dir.path() / "home";
        std::filesystem::create_directory(home);
        const auto binary = std::filesystem::path(program()).parent_path().string();
        return {
            {"PATH", binary + ":" + std::getenv("PATH")},
            {"HOME", home.string()},
            {"SOURCE", HSMFRONT_SOURCE_DIR},
            {"DIR", (dir.path() / "try").string()},
            {"FTP_KEY", GetParam().ftp},
            {"HTTP_KEY", GetParam().http},
            {"FTP_PORT", std::to_string(ports.next())},
            {"PASSIVE_PORTS",
             std::to_string(ports.range_first()) + "-" + std::to_string(ports.range_last())},
            {"FTP_BACKEND", std::to_string(vsftpd.port())},
            {"FTP_LOGIN", "ftp:secret"},
            {"HTTPS_PORT", std::to_string(ports.next())},
            {"HTTP_BACKEND", std::to_string(nginx.port())},
            {"HTTP_PATH", "/page.txt"}};
    }

    TempDir dir;
    PortBlock ports;
    Vsftpd vsftpd;
    Nginx nginx;
};

TEST_P(Lifecycle, ReadmeSessionServesBothProtocolsFromAnEmptyToken) {
    write_file(nginx.root() / "page.txt", "body of the web page\n");
    write_file(vsftpd.root() / "seen-by-ftp.txt", "x");
    write_file(dir.path() / "session.sh", readme_session());
    const auto outcome = run({"bash", (dir.path() / "session.sh").string()}, 180s, variables());
    const std::string all = outcome.out + outcome.error;
    ASSERT_EQ(outcome.code, 0) << all;
    EXPECT_EQ(occurrences(outcome.out, "body of the web page"), 2U) << "curl and lftp\n" << all;
    EXPECT_EQ(occurrences(outcome.out, "seen-by-ftp.txt"), 2U) << "curl and lftp\n" << all;
    EXPECT_THAT(outcome.out, HasSubstr("doctor: all well"));
    EXPECT_THAT(outcome.out, HasSubstr("signatures/s"));
    EXPECT_EQ(occurrences(all, "Sanitizer:"), 0U) << all;
    const auto home = dir.path() / "try";
    const std::string pin = text_of(home / "pin");
    EXPECT_EQ(all.find(pin.substr(0, pin.size() - 1)), std::string::npos) << "the PIN is shown";
    for (const auto& file : std::filesystem::recursive_directory_iterator(home)) {
        if (file.is_regular_file() && file.path().filename() != "ca.key") {
            EXPECT_EQ(text_of(file.path()).find("PRIVATE KEY"), std::string::npos) << file.path();
        }
    }
}

INSTANTIATE_TEST_SUITE_P(
    Keys,
    Lifecycle,
    ::testing::Values(KeyTypes{"rsa:2048", "rsa:2048"}, KeyTypes{"ec:P-256", "ec:P-384"}),
    [](const auto& tested) {
        return std::string(tested.param.ftp).starts_with("rsa") ? "Rsa" : "Ec";
    }
);

}  // namespace
}  // namespace hsmfront::test
