// StapleKeeper: files that come, change and go; when the responder is asked; what is served.
#include "proxy/runtime/staple_keeper.hpp"

#include "certs/errc.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/test_ca.hpp"
#include "tests/support/test_certificate.hpp"

#include <gmock/gmock.h>
#include <openssl/x509v3.h>

#include <chrono>
#include <ctime>

namespace hsmfront::runtime {
namespace {

using certs::Loaded;
using test::OcspSpec;
using testing::HasSubstr;
using Der = std::vector<unsigned char>;

constexpr std::time_t hour = 3'600;

class StapleKeeperTest : public testing::Test {
  protected:
    StapleKeeperTest() { issue({}); }

    void issue(std::vector<std::pair<int, std::string>> more) {
        chain.certificates.clear();
        chain.certificates.push_back(test::make_certificate(
            {.key = leaf_key.get(),
             .issuer = root.get(),
             .issuer_key = root_key.get(),
             .extensions = test::server_extensions(std::move(more))}
        ));
        X509_up_ref(root.get());
        chain.certificates.emplace_back(root.get());
    }

    Der response(OcspSpec spec = {}) {
        spec.leaf = chain.leaf();
        spec.issuer = root.get();
        spec.key = root_key.get();
        return test::make_ocsp(spec);
    }

    void put_file(const Der& der) {
        // Another file each time: two of a size within one tick of the clock would look alike.
        dir.write("new", {reinterpret_cast<const char*>(der.data()), der.size()});
        std::filesystem::rename(dir / "new", dir / "web.ocsp");
    }

    StapleKeeper keeper(bool fetch = false, const std::string& responder = "http://ocsp.test/") {
        return {"web", chain, {dir / "web.ocsp", fetch, fetch ? responder : ""}};
    }

    static certs::Failure failure(const std::string& why) {
        return {make_error_code(certs::Errc::file_malformed), why};
    }

    /// The first whole second from `now` on at which the responder is asked.
    static std::time_t due(const StapleKeeper& keeper, std::time_t from) {
        std::time_t at = from;
        while (!keeper.fetch_due(at) && at < from + 100 * hour) {
            ++at;
        }
        return at - from;
    }

    std::time_t now = std::time(nullptr);
    test::TempDir dir;
    certs::EvpPkeyPtr root_key = test::make_key("P-256");
    certs::EvpPkeyPtr leaf_key = test::make_key("P-256");
    certs::X509Ptr root = test::make_certificate(
        {.subject = "root", .key = root_key.get(), .extensions = test::ca_extensions()}
    );
    certs::Chain chain;
};

TEST_F(StapleKeeperTest, ServesTheFileAndFollowsIt) {
    auto kept = keeper();
    kept.look(now);
    EXPECT_EQ(kept.slot()->valid(now), nullptr);
    EXPECT_EQ(kept.slot()->status(now).problem, "");
    const auto first = response();
    put_file(first);
    kept.look(now);
    ASSERT_NE(kept.slot()->valid(now), nullptr);
    EXPECT_EQ(kept.slot()->valid(now)->der, first);
    const auto second = response({.until = std::chrono::hours{2}});
    put_file(second);
    kept.look(now);
    EXPECT_EQ(kept.slot()->valid(now)->der, second);
    EXPECT_NEAR(
        static_cast<double>(kept.slot()->status(now).next_update),
        static_cast<double>(now + 2 * hour),
        10
    );
}

TEST_F(StapleKeeperTest, KeepsTheOldOneWhileItHoldsAndNoLonger) {
    put_file(response());
    auto kept = keeper();
    kept.look(now);
    const auto old = kept.slot()->valid(now);
    ASSERT_NE(old, nullptr);
    put_file({'b', 'a', 'd'});
    kept.look(now);
    EXPECT_EQ(kept.slot()->valid(now), old);
    EXPECT_THAT(kept.slot()->status(now).problem, HasSubstr("not an OCSP response"));
    std::filesystem::remove(dir / "web.ocsp");
    kept.look(now);
    EXPECT_EQ(kept.slot()->valid(now), old);
    EXPECT_EQ(kept.slot()->valid(old->next_update - 1), old);
    EXPECT_EQ(kept.slot()->valid(old->next_update), nullptr);
    kept.look(old->next_update);
    EXPECT_THAT(kept.slot()->status(old->next_update).problem, HasSubstr("has ended"));
    EXPECT_EQ(kept.slot()->status(old->next_update).next_update, 0);
}

TEST_F(StapleKeeperTest, ServesNothingOnceItIsRevoked) {
    put_file(response());
    auto kept = keeper();
    kept.look(now);
    put_file(response({.status = V_OCSP_CERTSTATUS_REVOKED}));
    kept.look(now);
    EXPECT_EQ(kept.slot()->valid(now), nullptr);
    EXPECT_THAT(kept.slot()->status(now).problem, HasSubstr("is revoked since"));
}

TEST_F(StapleKeeperTest, WithoutIssuerNothingCanBeVerified) {
    chain.certificates.pop_back();
    put_file({'x'});
    auto kept = keeper();
    kept.look(now);
    EXPECT_THAT(kept.slot()->status(now).problem, HasSubstr("append that to the chain"));
}

TEST_F(StapleKeeperTest, MissesAFileWhereTheCertificateDemandsOne) {
    issue({{NID_tlsfeature, "status_request"}});
    auto kept = keeper();
    kept.look(now);
    EXPECT_TRUE(kept.slot()->required());
    EXPECT_THAT(kept.slot()->status(now).problem, HasSubstr("there is no OCSP response /"));
    put_file(response());
    kept.look(now);
    EXPECT_EQ(kept.slot()->status(now).problem, "");
}

TEST_F(StapleKeeperTest, AsksTheResponderOnlyWithoutAFile) {
    EXPECT_FALSE(keeper(false).fetch_due(now));
    EXPECT_TRUE(keeper(true).fetch_due(now));
    put_file(response());
    auto kept = keeper(true);
    kept.look(now);
    EXPECT_FALSE(kept.fetch_due(now + hour / 2));
    const auto end = kept.slot()->valid(now)->next_update;
    kept.look(end);
    EXPECT_TRUE(kept.fetch_due(end));
    put_file({'b', 'a', 'd'});
    auto other = keeper(true);
    other.look(now);
    EXPECT_TRUE(other.fetch_due(now));
}

TEST_F(StapleKeeperTest, FindsTheResponderInTheCertificate) {
    EXPECT_FALSE(keeper(true, "").fetch_due(now));
    auto nowhere = keeper(true, "");
    nowhere.look(now);
    EXPECT_THAT(nowhere.slot()->status(now).problem, HasSubstr("names no OCSP responder"));
    issue({{NID_info_access, "OCSP;URI:http://ocsp.example.com:81/x"}});
    auto kept = keeper(true, "");
    ASSERT_TRUE(kept.fetch_due(now));
    EXPECT_EQ(kept.responder().host, "ocsp.example.com");
    EXPECT_EQ(keeper(true, "http://other/").responder().host, "other");
    auto https = keeper(true, "https://other/");
    https.look(now);
    EXPECT_THAT(https.slot()->status(now).problem, HasSubstr("is https"));
}

TEST_F(StapleKeeperTest, RefreshesAtHalfOfTheValidity) {
    auto kept = keeper(true);
    kept.answered(
        response({.from = -std::chrono::seconds(60), .until = std::chrono::hours{1}}), now
    );
    ASSERT_NE(kept.slot()->valid(now), nullptr);
    const auto wait = due(kept, now);
    EXPECT_GE(wait, (hour - 60) / 2 * 7 / 8 - 5);
    EXPECT_LE(wait, (hour - 60) / 2 + 5);
    // Of an old one, at half of the rest.
    kept.answered(
        response({.from = -std::chrono::hours{10}, .until = std::chrono::seconds(800)}), now
    );
    EXPECT_GE(due(kept, now), 340);
    EXPECT_LE(due(kept, now), 405);
    // Of one without an end, each hour; of one for a week, twice a day.
    kept.answered(response({.until = {}}), now);
    EXPECT_LE(due(kept, now), hour);
    kept.answered(response({.until = std::chrono::hours{24 * 7}}), now);
    EXPECT_LE(due(kept, now), 12 * hour);
    EXPECT_GE(due(kept, now), 10 * hour);
}

TEST_F(StapleKeeperTest, TriesAgainEverLaterAfterFailures) {
    auto kept = keeper(true);
    std::time_t last = 0;
    std::time_t at = now;
    for (int i = 0; i < 12; ++i) {
        kept.answered(failure("no connection"), at);
        const auto wait = due(kept, at);
        EXPECT_LE(wait, hour);
        EXPECT_GE(wait, std::max<std::time_t>(8, last));
        last = wait > 3'000 ? 3'000 : wait;
        at += wait;
    }
    EXPECT_GE(last, 3'000);
    EXPECT_THAT(
        kept.slot()->status(at).problem, "OCSP response from http://ocsp.test/: no connection"
    );
}

TEST_F(StapleKeeperTest, TriesSoonerBeforeTheOldOneEnds) {
    auto kept = keeper(true);
    kept.answered(response({.until = std::chrono::seconds(10)}), now);
    kept.answered(failure("no connection"), now);
    EXPECT_LE(due(kept, now), 5);
    EXPECT_NE(kept.slot()->valid(now), nullptr);
}

TEST_F(StapleKeeperTest, KnowsItsOwnCertificateAgain) {
    const auto kept = keeper(true);
    const StapleKeeper::Source source{dir / "web.ocsp", true, "http://ocsp.test/"};
    EXPECT_TRUE(kept.keeps("web", chain, source));
    EXPECT_FALSE(kept.keeps("other", chain, source));
    EXPECT_FALSE(kept.keeps("web", chain, {dir / "web.ocsp", false, "http://ocsp.test/"}));
    issue({});
    EXPECT_FALSE(kept.keeps("web", chain, source));
}

TEST_F(StapleKeeperTest, IsInUseWhileTheCertificateIs) {
    const auto kept = keeper();
    EXPECT_FALSE(kept.in_use());
    tls::attach_staple(chain.leaf(), kept.slot());
    EXPECT_TRUE(kept.in_use());
    chain.certificates.clear();
    EXPECT_FALSE(kept.in_use()) << "the keeper keeps the certificate that keeps its slot";
}

}  // namespace
}  // namespace hsmfront::runtime
