// ClientTrust and AllowList: what client certificates are judged by.
#include "proxy/tls/client_trust.hpp"

#include "proxy/tls/allow_list.hpp"
#include "proxy/tls/certificate_names.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/test_ca.hpp"

#include <gmock/gmock.h>

namespace hsmfront::tls {
namespace {

using hsmfront::test::make_key;
using hsmfront::test::read_file;
using hsmfront::test::TestCa;
using hsmfront::test::TestCertificate;
using hsmfront::test::to_der;
using hsmfront::test::to_pem;
using hsmfront::test::write_file;
using testing::HasSubstr;
using namespace std::chrono_literals;

config::ClientAllowList names(std::vector<std::string> list) { return {{}, std::move(list), {}}; }

TEST(AllowList, ComparesNamesOfTheirKindOnly) {
    const TestCa ca;
    const auto key = make_key("P-256");
    const auto ann = ca.issue(
        key.get(),
        TestCertificate{
            "ann.example",
            "clientAuth",
            {"DNS:Ann.Example",
             "DNS:10.9.9.9",
             "email:Ann@Mail.example",
             "URI:spiffe://example/ann",
             "IP:192.0.2.7",
             "IP:2001:db8::7"}}
    );
    for (const char* good :
         {"ann.example",
          "ANN.EXAMPLE",
          "Ann@mail.EXAMPLE",
          "spiffe://example/ann",
          "192.0.2.7",
          "2001:db8:0::7"}) {
        EXPECT_TRUE(allows(names({"other", good}), ann.get())) << good;
    }
    for (const char* bad :
         {"*.example",
          "nn.example",
          "ann@mail.example",
          "spiffe://example/Ann",
          "10.9.9.9",
          "192.0.2.8",
          "mail.example",
          "CN=ann.example"}) {
        EXPECT_FALSE(allows(names({bad}), ann.get())) << bad;
    }
    EXPECT_TRUE(allows({}, ann.get()));
}

TEST(AllowList, ACommonNameIsNoName) {
    const TestCa ca;
    const auto key = make_key("P-256");
    EXPECT_FALSE(allows(names({"ann"}), ca.issue_client(key.get(), "ann").get()));
}

TEST(AllowList, ComparesWholeSubjectsAndFingerprints) {
    const TestCa ca;
    const auto key = make_key("P-256");
    const auto ann = ca.issue_client(key.get(), "ann");
    EXPECT_TRUE(allows({{"CN=ann"}, {}, {}}, ann.get()));
    EXPECT_FALSE(allows({{"CN=an"}, {}, {}}, ann.get()));
    EXPECT_FALSE(allows({{"cn=ann"}, {}, {}}, ann.get()));
    EXPECT_TRUE(allows({{"CN=bob"}, {}, {fingerprint_of(ann.get())}}, ann.get()));
    EXPECT_FALSE(allows({{}, {}, {std::string(64, '0')}}, ann.get()));
}

class Trust : public testing::Test {
  protected:
    Trust() {
        asked.mode = config::ClientCertificateMode::require;
        asked.ca = write("ca.pem", ca.pem());
    }
    std::filesystem::path write(const std::string& name, const std::string& content) {
        write_file(folder.path() / name, content);
        return folder.path() / name;
    }
    std::shared_ptr<const ClientTrust> load() {
        auto trust = ClientTrust::load(asked);
        EXPECT_TRUE(trust) << trust.error().message;
        return trust ? *trust : nullptr;
    }
    std::string refusal() {
        const auto trust = ClientTrust::load(asked);
        return trust ? "" : trust.error().message;
    }

    hsmfront::test::TempDir folder;
    TestCa ca{"root"};
    certs::EvpPkeyPtr key = make_key("P-256");
    config::ClientCertificate asked;
};

TEST_F(Trust, ReadsCrlsInPemAndDer) {
    const TestCa other("other");
    asked.crl = {
        write("two.pem", to_pem(ca.crl({}).get()) + to_pem(other.crl({}).get())),
        write("one.crl", to_der(ca.crl({}).get()))};
    EXPECT_NE(load(), nullptr);
    EXPECT_EQ(certs::read_crls(asked.crl.front())->size(), 2U);
    EXPECT_EQ(certs::read_crls(asked.crl.back())->size(), 1U);
}

TEST_F(Trust, SaysWhichCrlIsNone) {
    const std::string whole = to_pem(ca.crl({}).get());
    for (const std::string& content :
         {std::string(), std::string("nothing\n"), whole.substr(0, whole.size() / 2), ca.pem()}) {
        asked.crl = {write("bad.crl", content)};
        EXPECT_THAT(refusal(), HasSubstr("tls.client_certificate.crl: CRL")) << content;
        EXPECT_THAT(refusal(), HasSubstr("bad.crl")) << content;
    }
    asked.crl = {folder.path() / "none.crl"};
    EXPECT_THAT(refusal(), HasSubstr("none.crl: No such file or directory"));
    asked.crl = {folder.path()};
    EXPECT_THAT(refusal(), HasSubstr("is a directory"));
}

TEST_F(Trust, IdentityIsThatOfContents) {
    asked.crl = {write("a.crl", to_pem(ca.crl({}).get()))};
    const std::string before = load()->identity();
    auto moved = asked;
    moved.ca = write("elsewhere.pem", ca.pem());
    moved.crl = {write("b.crl", read_file(asked.crl.front()))};
    std::swap(asked, moved);
    EXPECT_EQ(load()->identity(), before);
    std::swap(asked, moved);

    const auto ann = ca.issue_client(key.get(), "ann");
    const auto differs = [&](const auto& change) {
        const auto kept = asked;
        change();
        EXPECT_NE(load()->identity(), before);
        asked = kept;
    };
    differs([&] { asked.mode = config::ClientCertificateMode::request; });
    differs([&] { asked.depth = 1; });
    differs([&] { asked.accept_expired_crl = true; });
    differs([&] { asked.crl.clear(); });
    differs([&] { asked.allow.subjects = {"CN=ann"}; });
    differs([&] { asked.allow.names = {"CN=ann"}; });
    differs([&] { asked.ca = write("two.pem", ca.pem() + TestCa("two").pem()); });
    differs([&] { asked.crl = {write("c.crl", to_pem(ca.crl({ann.get()}).get()))}; });
}

TEST_F(Trust, ARevokedCaOfTheFileIsNotBelieved) {
    const TestCa good = ca.subordinate("good");
    const TestCa bad = ca.subordinate("bad");
    asked.ca = write("all.pem", ca.pem() + good.pem() + bad.pem());
    asked.crl = {write("root.crl", to_pem(ca.crl({bad.certificate()}).get()))};
    EXPECT_EQ(load()->authorities().size(), 2U);
    // Someone else's list, or one signed by nobody there, takes nothing away.
    asked.crl = {write("eve.crl", to_pem(TestCa("root").crl({bad.certificate()}).get()))};
    EXPECT_EQ(load()->authorities().size(), 3U);
}

TEST_F(Trust, ASessionIsGoodAsLongAsItsCertificateAndTheCrl) {
    const auto now = std::time(nullptr);
    const auto ann = ca.issue(key.get(), TestCertificate{"ann", "clientAuth", {}, -1h, 3h});
    EXPECT_TRUE(load()->still_good(ann.get(), now));
    EXPECT_TRUE(load()->still_good(ann.get(), now + 10'000));
    EXPECT_FALSE(load()->still_good(ann.get(), now + 11'000));
    EXPECT_FALSE(load()->still_good(ann.get(), now - 4'000));

    asked.crl = {write("a.crl", to_pem(ca.crl({}, 1h).get()))};
    EXPECT_TRUE(load()->still_good(ann.get(), now + 3'500));
    EXPECT_FALSE(load()->still_good(ann.get(), now + 3'700));
    asked.crl.push_back(write("newer.crl", to_pem(ca.crl({}, 2h).get())));
    EXPECT_TRUE(load()->still_good(ann.get(), now + 3'700));
    asked.crl.pop_back();
    asked.accept_expired_crl = true;
    EXPECT_TRUE(load()->still_good(ann.get(), now + 3'700));
    asked.accept_expired_crl = false;
    asked.crl = {write("other.crl", to_pem(TestCa("other").crl({}).get()))};
    EXPECT_FALSE(load()->still_good(ann.get(), now)) << "no CRL of its issuer";
}

TEST(ClientTrusts, LoadEachOnce) {
    const hsmfront::test::TempDir folder;
    const auto file = folder.path() / "ca.pem";
    write_file(file, TestCa().pem());
    config::ClientCertificate asked;
    asked.mode = config::ClientCertificateMode::require;
    asked.ca = file;
    ClientTrusts trusts;
    const auto first = *trusts.load(asked);
    write_file(file, TestCa().pem());
    EXPECT_EQ(*trusts.load(asked), first);
    asked.depth = 1;
    EXPECT_NE(*trusts.load(asked), first);
}

}  // namespace
}  // namespace hsmfront::tls
