// Chains out of files in any form and order: found, ordered, completed, verified, written.
#include "certs/chain_builder.hpp"

#include "certs/certificate_file.hpp"
#include "certs/certificate_text.hpp"
#include "certs/errc.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/test_ca.hpp"

#include <gmock/gmock.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <sys/stat.h>

namespace hsmfront::certs {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::time_t day = 24 * 60 * 60;

X509Ptr same(X509* certificate) {
    X509_up_ref(certificate);
    return X509Ptr(certificate);
}

template <class... Certificates>
std::vector<X509Ptr> list(Certificates*... certificates) {
    std::vector<X509Ptr> all;
    (all.push_back(same(certificates)), ...);
    return all;
}

/// A certificate of `subject_key` signed by `issuer_key`, as a test needs it: CA or not.
X509Ptr make(
    const std::string& subject,
    EVP_PKEY* subject_key,
    const std::string& issuer,
    EVP_PKEY* issuer_key,
    const char* constraints
) {
    X509Ptr certificate(X509_new());
    static long serial = 0;
    X509_set_version(certificate.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -day);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 100 * day);
    const auto name = [](X509_NAME* target, const std::string& text) {
        const auto* bytes = reinterpret_cast<const unsigned char*>(text.c_str());
        X509_NAME_add_entry_by_txt(target, "CN", MBSTRING_UTF8, bytes, -1, -1, 0);
    };
    name(X509_get_subject_name(certificate.get()), subject);
    name(X509_get_issuer_name(certificate.get()), issuer);
    X509_set_pubkey(certificate.get(), subject_key);
    X509_EXTENSION* extension =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints, constraints);
    X509_add_ext(certificate.get(), extension, -1);
    X509_EXTENSION_free(extension);
    X509_sign(certificate.get(), issuer_key, EVP_sha256());
    return certificate;
}

class ChainBuilder : public ::testing::Test {
  protected:
    void TearDown() override { EXPECT_EQ(ERR_peek_error(), 0UL) << "error queue not drained"; }

    [[nodiscard]] Loaded<BuiltChain> build(
        std::vector<X509Ptr> given, std::vector<X509Ptr> authorities = {}, std::time_t later = 0
    ) const {
        return build_chain(
            key_.get(),
            {std::move(given), std::move(authorities), "ftpd", std::time(nullptr) + later}
        );
    }

    static std::vector<std::string> subjects(const Loaded<BuiltChain>& built) {
        std::vector<std::string> all;
        if (!built) {
            return {built.error().message};
        }
        for (const auto& certificate : built->chain.certificates) {
            all.push_back(subject_text(certificate.get()));
        }
        return all;
    }

    EvpPkeyPtr key_ = test::make_key("P-256");
    EvpPkeyPtr root_key_ = test::make_key("P-256");
    EvpPkeyPtr middle_key_ = test::make_key("P-256");
    X509Ptr root_ = make("root", root_key_.get(), "root", root_key_.get(), "critical,CA:TRUE");
    X509Ptr middle_ =
        make("middle", middle_key_.get(), "root", root_key_.get(), "critical,CA:TRUE,pathlen:0");
    X509Ptr leaf_ = make("leaf", key_.get(), "middle", middle_key_.get(), "critical,CA:FALSE");
};

TEST_F(ChainBuilder, AnyOrderAndDuplicatesGiveTheChain) {
    const auto built = build(list(root_.get(), leaf_.get(), middle_.get(), leaf_.get()));
    EXPECT_THAT(subjects(built), ElementsAre("CN = leaf", "CN = middle", "CN = root"));
    ASSERT_TRUE(built);
    EXPECT_THAT(built->warnings, ElementsAre(HasSubstr("subjectAltName")));
}

TEST_F(ChainBuilder, AuthoritiesCompleteTheChain) {
    const auto built = build(list(leaf_.get()), list(root_.get(), middle_.get()));
    EXPECT_THAT(subjects(built), ElementsAre("CN = leaf", "CN = middle", "CN = root"));
}

TEST_F(ChainBuilder, MissingIntermediateIsAWarning) {
    const auto built = build(list(leaf_.get()));
    ASSERT_TRUE(built) << built.error().message;
    EXPECT_THAT(built->warnings, Contains(AllOf(HasSubstr("CN = middle"), HasSubstr("missing"))));
}

TEST_F(ChainBuilder, CertificateOfAnotherKeyIsRefusedByName) {
    const auto other = test::make_key("RSA");
    const auto foreign = make("somebody else", other.get(), "root", root_key_.get(), "CA:FALSE");
    const auto built = build(list(foreign.get(), root_.get()));
    ASSERT_FALSE(built);
    EXPECT_EQ(built.error().code, Errc::key_mismatch);
    EXPECT_THAT(
        built.error().message, AllOf(HasSubstr("ftpd"), HasSubstr("CN = somebody else (RSA 2048)"))
    );
}

TEST_F(ChainBuilder, ForeignCertificatesAreLeftOutAndNamed) {
    const auto other = test::make_key("P-256");
    const auto foreign = make("foreign", other.get(), "root", root_key_.get(), "CA:FALSE");
    const auto built = build(list(foreign.get(), leaf_.get(), middle_.get()));
    EXPECT_THAT(subjects(built), ElementsAre("CN = leaf", "CN = middle"));
    ASSERT_TRUE(built);
    EXPECT_THAT(built->warnings, Contains(HasSubstr("CN = foreign")));
}

TEST_F(ChainBuilder, IssuerOfTheNameButAnotherKeyIsNotTheIssuer) {
    const auto impostor_key = test::make_key("P-256");
    const auto impostor =
        make("middle", impostor_key.get(), "root", root_key_.get(), "critical,CA:TRUE");
    const auto built = build(list(leaf_.get(), impostor.get()), list(middle_.get(), root_.get()));
    EXPECT_THAT(subjects(built), ElementsAre("CN = leaf", "CN = middle", "CN = root"));
    ASSERT_TRUE(built);
    EXPECT_TRUE(X509_cmp(built->chain.certificates[1].get(), middle_.get()) == 0);
}

TEST_F(ChainBuilder, IssuerThatIsNoCaIsRefused) {
    const auto no_ca = make("middle", middle_key_.get(), "root", root_key_.get(), "CA:FALSE");
    const auto built = build(list(leaf_.get(), no_ca.get(), root_.get()));
    ASSERT_FALSE(built);
    EXPECT_EQ(built.error().code, Errc::file_malformed);
    EXPECT_THAT(built.error().message, AllOf(HasSubstr("CN = middle"), HasSubstr("CA")));
}

TEST_F(ChainBuilder, PathLengthIsKept) {
    const auto low_key = test::make_key("P-256");
    const auto low = make("low", low_key.get(), "middle", middle_key_.get(), "critical,CA:TRUE");
    const auto leaf = make("leaf", key_.get(), "low", low_key.get(), "CA:FALSE");
    const auto built = build(list(leaf.get(), low.get(), middle_.get(), root_.get()));
    ASSERT_FALSE(built);
    EXPECT_THAT(built.error().message, HasSubstr("path length"));
}

TEST_F(ChainBuilder, ExpiredIsRefusedAndNearlyExpiredWarned) {
    const auto chain = [this] { return list(leaf_.get(), middle_.get(), root_.get()); };
    const auto expired = build(chain(), {}, 101 * day);
    ASSERT_FALSE(expired);
    EXPECT_THAT(expired.error().message, HasSubstr("expired"));
    const auto nearly = build(chain(), {}, 90 * day);
    ASSERT_TRUE(nearly);
    EXPECT_THAT(nearly->warnings, Contains(HasSubstr("expires in")));
    EXPECT_FALSE(build(chain(), {}, -2 * day)) << "not valid yet";
}

TEST_F(ChainBuilder, OfSeveralTheOneValidLongestWins) {
    auto renewed = make("renewed", key_.get(), "middle", middle_key_.get(), "CA:FALSE");
    X509_gmtime_adj(X509_getm_notAfter(renewed.get()), 200 * day);
    X509_sign(renewed.get(), middle_key_.get(), EVP_sha256());
    const auto built = build(list(leaf_.get(), renewed.get(), middle_.get()));
    EXPECT_THAT(subjects(built), ElementsAre("CN = renewed", "CN = middle"));
}

TEST_F(ChainBuilder, TheInternalCasCertificateCausesNoWarning) {
    const test::TestCa ca;
    const auto leaf = ca.issue(key_.get(), "leaf");
    const auto built = build(list(ca.certificate(), leaf.get()));
    ASSERT_TRUE(built) << built.error().message;
    EXPECT_EQ(built->chain.certificates.size(), 2U);
    EXPECT_THAT(built->warnings, IsEmpty());
}

/// Reading and writing.
class CertificateFile : public ChainBuilder {
  protected:
    [[nodiscard]] std::size_t count(std::string_view name, const std::string& content) const {
        const auto read = read_certificates(directory_.write(name, content));
        EXPECT_TRUE(read) << (read ? "" : read.error().message);
        return read ? read->size() : 0;
    }

    static std::string der(X509* certificate) {
        unsigned char* bytes = nullptr;
        const int size = i2d_X509(certificate, &bytes);
        std::string text(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size));
        OPENSSL_free(bytes);
        return text;
    }

    [[nodiscard]] std::string pkcs7(bool pem) const {
        const std::unique_ptr<PKCS7, Deleter<PKCS7_free>> bundle(PKCS7_new());
        PKCS7_set_type(bundle.get(), NID_pkcs7_signed);
        PKCS7_content_new(bundle.get(), NID_pkcs7_data);
        PKCS7_add_certificate(bundle.get(), middle_.get());
        PKCS7_add_certificate(bundle.get(), leaf_.get());
        const BioPtr memory(BIO_new(BIO_s_mem()));
        if (pem) {
            PEM_write_bio_PKCS7(memory.get(), bundle.get());
        } else {
            i2d_PKCS7_bio(memory.get(), bundle.get());
        }
        char* data = nullptr;
        const long size = BIO_get_mem_data(memory.get(), &data);
        return {data, static_cast<std::size_t>(size)};
    }

    test::TempDir directory_;
};

TEST_F(CertificateFile, EveryUsualFormIsRead) {
    const std::string pem = test::to_pem(leaf_.get()) + test::to_pem(middle_.get());
    EXPECT_EQ(count("a.pem", pem), 2U);
    EXPECT_EQ(count("b.pem", "text\n" + test::to_pem(key_.get()) + pem + "more text\n"), 2U);
    EXPECT_EQ(count("c.der", der(leaf_.get())), 1U);
    EXPECT_EQ(count("d.p7b", pkcs7(false)), 2U);
    EXPECT_EQ(count("e.p7b", pkcs7(true)), 2U);
}

TEST_F(CertificateFile, WhatIsNoneIsRefused) {
    const auto code = [this](std::string_view name, const std::string& content) {
        const auto read = read_certificates(directory_.write(name, content));
        return read ? error_code() : read.error().code;
    };
    EXPECT_EQ(code("a", ""), Errc::file_malformed);
    EXPECT_EQ(code("b", "hello"), Errc::file_malformed);
    EXPECT_EQ(code("c", test::to_pem(key_.get())), Errc::file_malformed);
    EXPECT_EQ(code("d", der(leaf_.get()).substr(0, 100)), Errc::file_malformed);
    std::string broken = test::to_pem(leaf_.get());
    broken.erase(100, 4);
    EXPECT_EQ(code("e", broken), Errc::file_malformed);
    EXPECT_EQ(read_certificates(directory_ / "none").error().code, Errc::file_unreadable);
    EXPECT_EQ(read_certificates(directory_.path()).error().code, Errc::file_unreadable);
}

TEST_F(CertificateFile, ReplacesAFileAsAWhole) {
    const auto file = directory_.write("ftpd.pem", "old");
    ASSERT_TRUE(replace_file(file, pem_of(list(leaf_.get(), middle_.get()))));
    EXPECT_EQ(test::read_file(file), test::to_pem(leaf_.get()) + test::to_pem(middle_.get()));
    struct stat info {};
    ASSERT_EQ(::stat(file.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0644U);
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
        files += entry.is_regular_file() ? 1 : 0;
    }
    EXPECT_EQ(files, 1U) << "a temporary file was left";
    EXPECT_FALSE(replace_file(directory_ / "none/x.pem", "x"));
}

}  // namespace
}  // namespace hsmfront::certs
