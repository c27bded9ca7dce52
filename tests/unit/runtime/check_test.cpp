// Check: warnings about a configuration that the loader accepts.
#include "proxy/runtime/check.hpp"

#include "tests/support/temp_dir.hpp"
#include "tests/support/test_ca.hpp"

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

TEST(Check, WarnsOfConnectionsThatNoMemoryIsFor) {
    const auto warning = Contains(HasSubstr("warning: limits.connections: so many take 18"));
    config::Settings settings;
    EXPECT_THAT(problems(settings), Not(warning));
    settings.limits.connections = 100'000'000;  // 1.8 TiB
    EXPECT_THAT(problems(settings), warning);
    settings.limits.memory = 1ULL << 30;
    EXPECT_THAT(problems(settings), Not(warning));
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

class CheckOfClientFiles : public testing::Test {
  protected:
    CheckOfClientFiles() {
        settings.http.enabled = true;
        settings.http.hsm_enabled = false;
        settings.http.listen = {{{"127.0.0.1", 1}, {}}};
        asked.mode = config::ClientCertificateMode::require;
        asked.ca = write("ca.pem", ca.pem());
    }
    std::filesystem::path write(const std::string& name, const std::string& content) {
        test::write_file(folder.path() / name, content);
        return folder.path() / name;
    }
    std::vector<std::string> with_crl(const std::string& content) {
        asked.crl = std::vector<std::filesystem::path>{write("some.crl", content)};
        return problems(settings);
    }

    test::TempDir folder;
    test::TestCa ca{"root"};
    config::Settings settings;
    config::TlsPolicy::ClientCertificates& asked = settings.tls.policy.client_certificate;
};

TEST_F(CheckOfClientFiles, GoodOnesAreNoProblem) {
    EXPECT_THAT(
        with_crl(test::to_pem(ca.crl({}).get())), Not(Contains(HasSubstr("client_certificate")))
    );
}

TEST_F(CheckOfClientFiles, TellsBadCrls) {
    EXPECT_THAT(with_crl("nothing"), Contains(HasSubstr("error: tls.client_certificate.crl: CRL")));
    EXPECT_THAT(
        with_crl(test::to_pem(ca.crl({}, -std::chrono::hours(1)).get())),
        Contains(HasSubstr(
            "the CRL of \"CN=root\" has expired; clients are refused until there is a newer one"
        ))
    );
    asked.accept_expired_crl = true;
    EXPECT_THAT(
        problems(settings), Contains(HasSubstr("has expired; it is believed all the same"))
    );
    EXPECT_THAT(
        with_crl(test::to_der(test::TestCa("other").crl({}).get())),
        Contains(AllOf(
            HasSubstr("warning: tls.client_certificate.crl"),
            HasSubstr("the CRL of \"CN=other\" has no issuer in")
        ))
    );
    EXPECT_THAT(
        with_crl(test::to_der(test::TestCa("root").crl({}).get())),
        Contains(AllOf(HasSubstr("error: "), HasSubstr("has a bad signature")))
    );
}

TEST_F(CheckOfClientFiles, TellsAnExpiredCa) {
    const auto later = std::chrono::system_clock::now() + std::chrono::hours(24 * 366);
    std::vector<std::string> lines;
    for (const config::Problem& problem : check(settings, later)) {
        lines.push_back(config::render(problem));
    }
    EXPECT_THAT(lines, Contains(HasSubstr("has expired; certificates that it issued are refused")));
}

TEST_F(CheckOfClientFiles, TellsAListThatNobodyIsAskedFor) {
    asked.mode = config::ClientCertificateMode::none;
    EXPECT_THAT(problems(settings), Not(Contains(HasSubstr("client_certificate"))))
        << "a CA alone does no harm";
    asked.subjects = std::vector<std::string>{"CN=ann"};
    const auto warning = HasSubstr("tls.client_certificate.allow: lets nobody in or out");
    EXPECT_THAT(problems(settings), Contains(warning));
    settings.http.listen.front().client_certificate.mode = config::ClientCertificateMode::request;
    EXPECT_THAT(problems(settings), Not(Contains(warning)));
}

}  // namespace
}  // namespace hsmfront::runtime
