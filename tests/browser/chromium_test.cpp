// Headless Chromium opens a page behind the proxy; the page checks what it gets.
#include "tests/browser/site.hpp"
#include "tests/harness/stage.hpp"

#include <gmock/gmock.h>

#include <sstream>

namespace hsmfront::test {
namespace {

using ::testing::HasSubstr;

class Chromium : public Stage {
  protected:
    Chromium() : site(scratch() / "site", ports) {
        config.ftp.enabled = false;
        config.http.backend_port = site.port();
    }

    /// Opens the page; every check of tests/browser/page/checks.js must be "ok". Returns what the
    /// browser says of the protocols that it used.
    std::string open_page() {
        const auto home = scratch() / "browser";
        std::filesystem::create_directories(home);
        const auto browser =
            run({"python3",
                 HSMFRONT_SOURCE_DIR "/tests/browser/chromium.py",
                 https("/index.html"),
                 Material::get().ca().string(),
                 home.string()},
                60s);
        EXPECT_EQ(browser.code, 0) << browser.error << text_of(home / "chromium.log");
        std::string protocols;
        std::istringstream lines(browser.out);
        for (std::string line; std::getline(lines, line);) {
            if (line.starts_with("protocols: ")) {
                protocols = line.substr(11);
            } else {
                EXPECT_TRUE(line.ends_with(": ok")) << line;
            }
        }
        return protocols;
    }

    Site site;
};

TEST_F(Chromium, PageWorksOverHttp1) {
    config.http.extra = "http2: false\n";
    start();
    EXPECT_EQ(open_page(), "http/1.1");
    EXPECT_THAT(site.log(), HasSubstr("GET /text.txt 304")) << "nothing was revalidated";
}

/// WebSockets have connections of their own, over HTTP/1.1: RFC 8441 is not offered.
TEST_F(Chromium, PageWorksOverHttp2) {
    start();
    EXPECT_EQ(open_page(), "h2");
    EXPECT_THAT(site.log(), HasSubstr("GET /text.txt 304")) << "nothing was revalidated";
}

}  // namespace
}  // namespace hsmfront::test
