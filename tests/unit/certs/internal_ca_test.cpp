// certs/internal-ca.sh, as an operator runs it.
#include "certs/chain.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/test_ca.hpp"

#include <gmock/gmock.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdlib>
#include <sys/stat.h>
#include <sys/wait.h>

namespace hsmfront::certs {
namespace {

using ::testing::HasSubstr;

class InternalCa : public ::testing::Test {
  protected:
    /// Exit code; what it says goes to `said`.
    int run(const std::string& arguments) {
        const auto output = (directory_ / "output").string();
        const std::string command = "cd '" + directory_.path().string() +
                                    "' && '" HSMFRONT_SOURCE_DIR "/certs/internal-ca.sh' " +
                                    arguments + " >'" + output + "' 2>&1";
        const int status = std::system(command.c_str());
        said_ = test::read_file(output);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

    void write_public_key(EVP_PKEY* key) {
        const BioPtr bio(BIO_new_file((directory_ / "pub.pem").c_str(), "w"));
        ASSERT_EQ(PEM_write_bio_PUBKEY(bio.get(), key), 1);
    }

    test::TempDir directory_;
    std::string said_;
};

TEST_F(InternalCa, PublicKeyFromATokenGetsAChain) {
    const auto key = test::make_key("P-256");
    write_public_key(key.get());
    ASSERT_EQ(run("init ca"), 0) << said_;
    ASSERT_EQ(
        run("sign ca --public-key pub.pem --subject /CN=ftp.example.org "
            "--san DNS:ftp.example.org,IP:127.0.0.1 out.pem"),
        0
    ) << said_;
    const auto chain = read_chain(directory_ / "out.pem");
    ASSERT_TRUE(chain) << chain.error().message;
    ASSERT_EQ(chain->certificates.size(), 2U);
    EXPECT_TRUE(check_match(*chain, key.get(), "ftpd"));
    EXPECT_EQ(X509_check_host(chain->leaf(), "ftp.example.org", 0, 0, nullptr), 1);
    EXPECT_EQ(X509_check_ip_asc(chain->leaf(), "127.0.0.1", 0), 1);
    EXPECT_EQ(X509_check_purpose(chain->leaf(), X509_PURPOSE_SSL_SERVER, 0), 1);
    EXPECT_EQ(X509_check_ca(chain->leaf()), 0);
    EXPECT_EQ(X509_check_ca(chain->certificates[1].get()), 1);
}

TEST_F(InternalCa, RequestKeepsItsNames) {
    ASSERT_EQ(run("init ca"), 0) << said_;
    ASSERT_EQ(
        std::system(("cd '" + directory_.path().string() +
                     "' && openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
                     "-keyout key.pem -subj /CN=www -addext "
                     "subjectAltName=DNS:www.example.org,IP:::1 -out csr.pem 2>/dev/null")
                        .c_str()),
        0
    );
    ASSERT_EQ(run("sign ca csr.pem out.pem"), 0) << said_;
    const auto chain = read_chain(directory_ / "out.pem");
    ASSERT_TRUE(chain) << chain.error().message;
    EXPECT_EQ(X509_check_host(chain->leaf(), "www.example.org", 0, 0, nullptr), 1);
    EXPECT_EQ(X509_check_ip_asc(chain->leaf(), "::1", 0), 1);
}

TEST_F(InternalCa, SecondInitKeepsTheFirst) {
    ASSERT_EQ(run("init ca"), 0) << said_;
    const auto key = directory_ / "ca/ca.key";
    const std::string first = test::read_file(key);
    ASSERT_EQ(run("init ca"), 0) << said_;
    EXPECT_EQ(test::read_file(key), first);
    struct stat info {};
    ASSERT_EQ(::stat(key.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 077U, 0U) << "others can read the CA's key";
}

TEST_F(InternalCa, WrongUseAndFailuresDiffer) {
    EXPECT_EQ(run("--help"), 0);
    EXPECT_EQ(run(""), 2);
    EXPECT_EQ(run("sign"), 2);
    EXPECT_EQ(run("sign ca csr.pem out.pem --nonsense"), 2);
    EXPECT_EQ(run("sign ca csr.pem out.pem"), 1);
    EXPECT_THAT(said_, HasSubstr("ca/ca.key"));
    ASSERT_EQ(run("init ca"), 0);
    (void)directory_.write("csr.pem", "nonsense");
    EXPECT_EQ(run("sign ca csr.pem out.pem"), 1);
    EXPECT_FALSE(std::filesystem::exists(directory_ / "out.pem"));
}

}  // namespace
}  // namespace hsmfront::certs
