// When it is said that a certificate ends.
#include "proxy/runtime/expiry_watch.hpp"

#include <gmock/gmock.h>

namespace hsmfront::runtime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::time_t day = 86'400;
constexpr std::time_t expiry = 2'000'000'000;  // 2033-05-18 03:33:20 UTC

class ExpiryWatchTest : public testing::Test {
  protected:
    std::vector<std::string> at(std::time_t now) {
        std::vector<std::string> lines;
        for (const auto& notice : watch.look(certificates, now)) {
            lines.push_back((notice.grave ? "error: " : "warning: ") + notice.text);
        }
        return lines;
    }

    ExpiryWatch watch;
    std::vector<tls::CertificateInfo> certificates{{"web", "CN=localhost", "P-256", expiry}};
};

TEST_F(ExpiryWatchTest, SpeaksOnceAtEachThreshold) {
    EXPECT_THAT(at(expiry - 31 * day), IsEmpty());
    EXPECT_THAT(
        at(expiry - 30 * day),
        ElementsAre("warning: alias web: its certificate (CN=localhost) expires in 30 days, at "
                    "2033-05-18 03:33:20 UTC; renew it")
    );
    EXPECT_THAT(at(expiry - 29 * day), IsEmpty());
    EXPECT_THAT(at(expiry - 7 * day), ElementsAre(HasSubstr("warning: alias web")));
    EXPECT_THAT(at(expiry - 2 * day), IsEmpty());
    EXPECT_THAT(at(expiry - day), ElementsAre(HasSubstr("expires in 24 hours")));
    EXPECT_THAT(at(expiry - 1), IsEmpty());
    EXPECT_THAT(
        at(expiry + 1),
        ElementsAre(HasSubstr("error: alias web: its certificate (CN=localhost) has "
                              "expired at 2033-05-18 03:33:20 UTC"))
    );
    EXPECT_THAT(at(expiry + 90 * day), IsEmpty());
}

TEST_F(ExpiryWatchTest, SaysAtFirstOnlyWhatIsTrueThen) {
    EXPECT_THAT(at(expiry - 5 * day), ElementsAre(HasSubstr("expires in 5 days")));
    EXPECT_THAT(at(expiry - 5 * day + 3600), IsEmpty());
}

TEST_F(ExpiryWatchTest, KnowsARenewedCertificate) {
    EXPECT_THAT(at(expiry - day), ElementsAre(HasSubstr("error: ")));
    certificates.front().not_after = expiry + 6 * day;
    EXPECT_THAT(at(expiry - day), ElementsAre(HasSubstr("expires in 7 days")));
}

TEST_F(ExpiryWatchTest, SaysItOnceForAnAliasOfBothProtocols) {
    certificates.push_back(certificates.front());
    certificates.push_back({"ftp", "CN=ftp", "RSA-2048", expiry + 100 * day});
    EXPECT_THAT(at(expiry - day), testing::SizeIs(1));
}

}  // namespace
}  // namespace hsmfront::runtime
