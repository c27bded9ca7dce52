// Certificate and key files: what is read, and what the operator is told of the rest.
#include "certs/chain.hpp"

#include "certs/errc.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/test_ca.hpp"

#include <gmock/gmock.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <sys/stat.h>
#include <unistd.h>

namespace hsmfront::certs {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class ChainFiles : public ::testing::Test {
  protected:
    void TearDown() override { EXPECT_EQ(ERR_peek_error(), 0UL) << "error queue not drained"; }

    test::TempDir directory_;
    test::TestCa ca_;
    EvpPkeyPtr key_ = test::make_key("P-256");
    std::string leaf_ = test::to_pem(ca_.issue(key_.get(), "leaf").get());
};

TEST_F(ChainFiles, LeafThenIssuerIsRead) {
    const auto chain = read_chain(directory_.write("a.pem", leaf_ + ca_.pem()));
    ASSERT_TRUE(chain) << chain.error().message;
    EXPECT_EQ(chain->certificates.size(), 2U);
    EXPECT_TRUE(check_match(*chain, key_.get(), "a"));
}

TEST_F(ChainFiles, TextAroundCertificatesIsSkipped) {
    EXPECT_TRUE(read_chain(directory_.write("a.pem", "subject=a\n" + leaf_ + "\nissuer:\n")));
}

TEST_F(ChainFiles, IssuerFirstIsRefused) {
    const auto chain = read_chain(directory_.write("a.pem", ca_.pem() + leaf_));
    ASSERT_FALSE(chain);
    EXPECT_EQ(chain.error().code, Errc::file_malformed);
    EXPECT_THAT(chain.error().message, AllOf(HasSubstr("a.pem"), HasSubstr("first")));
}

TEST_F(ChainFiles, MissingFileIsNamedWithTheReason) {
    const auto chain = read_chain(directory_ / "none.pem");
    ASSERT_FALSE(chain);
    EXPECT_EQ(chain.error().code, Errc::file_unreadable);
    EXPECT_THAT(
        chain.error().message, AllOf(HasSubstr("none.pem"), HasSubstr("No such file or directory"))
    );
}

TEST_F(ChainFiles, DirectoryIsUnreadable) {
    const auto chain = read_chain(directory_.path());
    ASSERT_FALSE(chain);
    EXPECT_EQ(chain.error().code, Errc::file_unreadable);
}

TEST_F(ChainFiles, FileWithoutCertificateIsMalformed) {
    EXPECT_EQ(
        read_chain(directory_.write("a.pem", test::to_pem(key_.get()))).error().code,
        Errc::file_malformed
    );
    EXPECT_EQ(read_chain(directory_.write("b.pem", "")).error().code, Errc::file_malformed);
}

TEST_F(ChainFiles, BrokenSecondCertificateIsCounted) {
    const auto chain = read_chain(directory_.write(
        "a.pem",
        leaf_ + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END "
                "CERTIFICATE-----\n"
    ));
    ASSERT_FALSE(chain);
    EXPECT_EQ(chain.error().code, Errc::file_malformed);
    EXPECT_THAT(chain.error().message, HasSubstr("number 2"));
}

TEST_F(ChainFiles, TruncatedCertificateIsMalformed) {
    const auto chain = read_chain(directory_.write("a.pem", leaf_.substr(0, leaf_.size() / 2)));
    ASSERT_FALSE(chain);
    EXPECT_EQ(chain.error().code, Errc::file_malformed);
}

TEST_F(ChainFiles, CertificateOfAnotherKeyIsAMismatch) {
    const auto chain = read_chain(directory_.write("a.pem", leaf_));
    ASSERT_TRUE(chain);
    const auto other = test::make_key("P-256");
    const auto match = check_match(*chain, other.get(), "ftpd");
    ASSERT_FALSE(match);
    EXPECT_EQ(match.error().code, Errc::key_mismatch);
    EXPECT_THAT(match.error().message, AllOf(HasSubstr("'ftpd'"), HasSubstr("leaf")));
}

TEST_F(ChainFiles, KeyOfAnotherTypeIsAMismatch) {
    const auto chain = read_chain(directory_.write("a.pem", leaf_));
    ASSERT_TRUE(chain);
    EXPECT_FALSE(check_match(*chain, test::make_key("ED25519").get(), "ftpd"));
}

TEST_F(ChainFiles, PrivateKeyIsRead) {
    const auto key = read_private_key(directory_.write("a.key", test::to_pem(key_.get())));
    ASSERT_TRUE(key) << key.error().message;
    EXPECT_EQ(EVP_PKEY_eq(key->get(), key_.get()), 1);
}

TEST_F(ChainFiles, EncryptedKeyIsRefusedWithoutAsking) {
    const BioPtr bio(BIO_new(BIO_s_mem()));
    const std::string word = "secret";
    ASSERT_EQ(
        PEM_write_bio_PKCS8PrivateKey(
            bio.get(),
            key_.get(),
            EVP_aes_128_cbc(),
            word.data(),
            static_cast<int>(word.size()),
            nullptr,
            nullptr
        ),
        1
    );
    char* data = nullptr;
    const auto size = static_cast<std::size_t>(BIO_get_mem_data(bio.get(), &data));
    const auto key = read_private_key(directory_.write("a.key", {data, size}));
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().code, Errc::file_malformed);
    EXPECT_THAT(
        key.error().message,
        AllOf(HasSubstr("a.key"), HasSubstr("encrypted"), HasSubstr("openssl pkey"))
    );
}

TEST_F(ChainFiles, CertificateIsNoPrivateKey) {
    const auto key = read_private_key(directory_.write("a.key", leaf_));
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().code, Errc::file_malformed);
    EXPECT_THAT(key.error().message, HasSubstr("no PEM private key"));
}

}  // namespace
}  // namespace hsmfront::certs
