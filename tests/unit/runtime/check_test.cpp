// Check: warnings about a configuration that the loader accepts.
#include "proxy/runtime/check.hpp"

#include "tests/support/temp_dir.hpp"

#include <gmock/gmock.h>

namespace hsmfront::runtime {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

std::vector<std::string> problems(const config::Settings& settings) {
    std::vector<std::string> lines;
    for (const config::Problem& problem : check(settings, std::chrono::system_clock::now())) {
        lines.push_back(config::render(problem));
    }
    return lines;
}

TEST(Check, WarnsOfTrustInEveryClient) {
    config::Settings settings;
    settings.proxy_protocol.accept_from = {"10.0.0.0/8", "::/0"};
    EXPECT_THAT(
        problems(settings),
        Contains(HasSubstr("warning: proxy_protocol.accept_from: ::/0 is every client"))
    );
    EXPECT_THAT(problems(settings), Not(Contains(HasSubstr("10.0.0.0"))));
}

TEST(Check, WarnsOfBackendsWhoseNamesDoNotResolve) {
    config::Settings settings;
    settings.http.enabled = true;
    settings.http.hsm_enabled = false;
    settings.http.forwarded.trust = {"0.0.0.0/0"};
    settings.http.backends.servers = {{"127.0.0.1", 80}, {"no such name", 80}};
    const auto found = problems(settings);
    EXPECT_THAT(found, Contains(HasSubstr("http.backends[1]: no such name does not resolve")));
    EXPECT_THAT(found, Not(Contains(HasSubstr("127.0.0.1"))));
    EXPECT_THAT(found, Contains(HasSubstr("http.forwarded.trust: 0.0.0.0/0 is every client")));
}

TEST(Check, ReadsTicketKeys) {
    const test::TempDir dir;
    config::Settings settings;
    settings.tls.tickets.keys = {dir.write("good", std::string(80, 'k'))};
    EXPECT_THAT(problems(settings), Not(Contains(HasSubstr("tls.tickets.keys"))));
    settings.tls.tickets.keys.push_back(dir.write("bad", std::string(48, '\1')));
    EXPECT_THAT(
        problems(settings),
        Contains(AllOf(HasSubstr("error: tls.tickets.keys: "), HasSubstr("/bad: 48 bytes")))
    );
}

}  // namespace
}  // namespace hsmfront::runtime
