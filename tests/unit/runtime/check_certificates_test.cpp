// What `hsmfront check` says of stapling; for chains see chain_problems_test.cpp.
#include "proxy/runtime/check_certificates.hpp"

#include "tests/support/temp_dir.hpp"
#include "tests/support/test_ca.hpp"
#include "tests/support/test_certificate.hpp"

#include <gmock/gmock.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

namespace hsmfront::runtime {
namespace {

using config::StaplingMode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class CheckCertificates : public testing::Test {
  protected:
    CheckCertificates() {
        settings.certificates = dir.path();
        issue({});
    }

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

    void put_file(test::OcspSpec spec) {
        spec.leaf = chain.leaf();
        spec.issuer = root.get();
        spec.key = root_key.get();
        const auto der = test::make_ocsp(spec);
        dir.write("web.ocsp", {reinterpret_cast<const char*>(der.data()), der.size()});
    }

    std::vector<std::string> problems() {
        return certificate_problems(settings, "web", chain, std::time(nullptr));
    }

    test::TempDir dir;
    config::Settings settings;
    certs::EvpPkeyPtr root_key = test::make_key("P-256");
    certs::EvpPkeyPtr leaf_key = test::make_key("P-256");
    certs::X509Ptr root = test::make_certificate(
        {.subject = "root", .key = root_key.get(), .extensions = test::ca_extensions()}
    );
    certs::Chain chain;
};

TEST_F(CheckCertificates, FindsNothingInAGoodOne) {
    EXPECT_THAT(problems(), IsEmpty());
    put_file({});
    EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(CheckCertificates, NamesTheFileOfABadStaple) {
    put_file({.from = -std::chrono::hours{2}, .until = -std::chrono::hours{1}});
    EXPECT_THAT(problems(), ElementsAre(HasSubstr("web.ocsp: it ended at ")));
    put_file({.status = V_OCSP_CERTSTATUS_REVOKED});
    EXPECT_THAT(problems(), ElementsAre(HasSubstr("web.ocsp: the responder says that the")));
    dir.write("web.ocsp", "bad");
    EXPECT_THAT(problems(), ElementsAre(HasSubstr("web.ocsp: it is not an OCSP response")));
    EXPECT_THAT(problems().front(), StartsWith((dir / "web.pem").string() + ": "));
}

TEST_F(CheckCertificates, SaysWhereMustStapleCannotBeKept) {
    issue({{NID_tlsfeature, "status_request"}});
    EXPECT_THAT(problems(), ElementsAre(HasSubstr("must-staple) and there is no ")));
    settings.tls.stapling.mode = StaplingMode::off;
    EXPECT_THAT(problems(), ElementsAre(HasSubstr("must-staple) and tls.stapling.mode is off")));
    settings.tls.stapling.mode = StaplingMode::file;
    put_file({});
    EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(CheckCertificates, SaysWhyNothingCanBeFetched) {
    settings.tls.stapling.mode = StaplingMode::fetch;
    EXPECT_THAT(problems(), ElementsAre(HasSubstr("names no OCSP responder")));
    settings.tls.stapling.responder = "https://ocsp.example.com/";
    EXPECT_THAT(problems(), ElementsAre(HasSubstr("is https")));
    settings.tls.stapling.responder = "";
    issue({{NID_info_access, "OCSP;URI:http://ocsp.example.com/"}});
    EXPECT_THAT(problems(), IsEmpty());
    chain.certificates.pop_back();
    EXPECT_THAT(problems(), testing::Contains(HasSubstr("append that to the chain")));
}

}  // namespace
}  // namespace hsmfront::runtime
