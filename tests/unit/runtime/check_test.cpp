// Check: warnings about a configuration that the loader accepts.
#include "proxy/runtime/check.hpp"

#include <gmock/gmock.h>

namespace hsmfront::runtime {
namespace {

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

}  // namespace
}  // namespace hsmfront::runtime
