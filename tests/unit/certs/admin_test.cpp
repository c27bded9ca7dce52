// Keys and certificates in a token: made, listed, requested, stored, deleted.
#include "certs/admin_token.hpp"
#include "certs/certificate_request.hpp"
#include "certs/certificate_store.hpp"
#include "certs/ckr.hpp"
#include "certs/errc.hpp"
#include "certs/key_list.hpp"
#include "certs/key_pair.hpp"
#include "certs/token_directory.hpp"
#include "tests/support/shim_control.hpp"
#include "tests/support/soft_hsm_token.hpp"
#include "tests/support/test_ca.hpp"

#include <gmock/gmock.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace hsmfront::certs {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class Admin : public ::testing::Test {
  protected:
    [[nodiscard]] config::Hsm settings() const {
        auto hsm = token_.settings();
        hsm.module = test::ShimControl::module();
        return hsm;
    }

    [[nodiscard]] Loaded<AdminToken> open(PinRisk risk = PinRisk::avoid) const {
        return AdminToken::open(settings(), Secret(token_.pin()), risk);
    }

    [[nodiscard]] AdminToken opened() const {
        auto token = open();
        if (!token) {
            throw std::runtime_error(token.error().message);
        }
        return std::move(*token);
    }

    [[nodiscard]] static std::shared_ptr<const TokenKey> generate(
        const AdminToken& token, const std::string& alias, const char* type
    ) {
        auto key = generate_key(token, alias, *find_key_spec(type));
        if (!key) {
            throw std::runtime_error(key.error().message);
        }
        return *key;
    }

    test::ShimControl shim_;
    test::SoftHsmToken token_;
};

TEST_F(Admin, KeysOfEveryTypeSignAndCannotBeExtracted) {
    const AdminToken token = opened();
    for (const KeySpec& spec : key_specs()) {
        if (spec.bits == 4096) {
            continue;  // takes long, and is made like its smaller siblings
        }
        const std::string alias(spec.name);
        ASSERT_TRUE(check_generation(token.module(), token.token(), spec));
        const auto key = generate(token, alias, alias.c_str());
        EXPECT_EQ(key->plan.type, spec.type);
    }
    const auto keys = list_keys(token.session());
    ASSERT_TRUE(keys);
    ASSERT_EQ(keys->size(), 5U);
    for (const ListedKey& key : *keys) {
        EXPECT_TRUE(key.protection.sensitive) << key.alias;
        EXPECT_FALSE(key.protection.extractable) << key.alias;
        EXPECT_TRUE(key.protection.never_extractable) << key.alias;
        EXPECT_EQ(key.id.size(), 20U) << key.alias;
        EXPECT_TRUE(key.public_key) << key.alias;
    }
    EXPECT_EQ(keys->front().type, "EC P-256");
}

TEST_F(Admin, KeySignsAndDoesNothingElse) {
    const AdminToken token = opened();
    (void)generate(token, "front", "rsa:2048");
    const auto handle = find_private_key(token.session(), "front");
    ASSERT_TRUE(handle);
    for (const CK_ATTRIBUTE_TYPE use : {CKA_DECRYPT, CKA_UNWRAP}) {
        EXPECT_EQ(token.session().attribute(*handle, use)->front(), CK_FALSE);
    }
    EXPECT_EQ(token.session().attribute(*handle, CKA_SIGN)->front(), CK_TRUE);
}

TEST_F(Admin, IdIsTheCertificatesKeyIdentifier) {
    const AdminToken token = opened();
    const auto key = generate(token, "front", "ec:P-256");
    const auto handle = find_private_key(token.session(), "front");
    const auto id = token.session().attribute(*handle, CKA_ID);
    const auto leaf = test::TestCa().issue(key->public_key.get(), "front");
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    X509_pubkey_digest(leaf.get(), EVP_sha1(), digest.data(), &size);
    EXPECT_EQ(*id, std::vector<std::uint8_t>(digest.begin(), digest.begin() + size));
}

TEST_F(Admin, KeyThatTheTokenMadeExtractableIsDeleted) {
    const AdminToken token = opened();
    shim_.set({{"extractable", 1}});
    const auto key = generate_key(token, "front", *find_key_spec("ec:P-256"));
    ASSERT_FALSE(key);
    EXPECT_THAT(key.error().message, AllOf(HasSubstr("extractable"), HasSubstr("deleted")));
    EXPECT_EQ(what_holds(token.session(), "front").value(), "");
}

TEST_F(Admin, KeyThatCannotSignIsDeleted) {
    const AdminToken token = opened();
    shim_.set({{"fail_sign", CKR_KEY_FUNCTION_NOT_PERMITTED}});
    const auto key = generate_key(token, "front", *find_key_spec("ec:P-256"));
    ASSERT_FALSE(key);
    EXPECT_EQ(what_holds(token.session(), "front").value(), "");
}

TEST_F(Admin, WhatHoldsAnAliasIsNamed) {
    const AdminToken token = opened();
    EXPECT_EQ(what_holds(token.session(), "front").value(), "");
    (void)generate(token, "front", "ec:P-256");
    EXPECT_EQ(what_holds(token.session(), "front").value(), "a private key, a public key");
}

TEST_F(Admin, AliasesNameFiles) {
    EXPECT_TRUE(check_alias("ftpd"));
    EXPECT_TRUE(check_alias("ftp server 1"));
    for (const std::string& bad :
         {std::string(),
          std::string("a/b"),
          std::string(".."),
          std::string(65, 'a'),
          std::string("a\nb")}) {
        EXPECT_FALSE(check_alias(bad)) << bad;
    }
}

TEST_F(Admin, DeleteTakesBothHalvesAndTheCertificateOnlyIfTold) {
    const AdminToken token = opened();
    for (const bool certificates : {false, true}) {
        const auto key = generate(token, "front", "ec:P-256");
        const auto leaf = test::TestCa().issue(key->public_key.get(), "front");
        Chain chain;
        X509_up_ref(leaf.get());
        chain.certificates.emplace_back(leaf.get());
        ASSERT_TRUE(store_chain(*token.open_read_write(), "front", chain));
        const auto deleted = delete_key(token, "front", certificates);
        ASSERT_TRUE(deleted) << deleted.error().message;
        EXPECT_EQ(deleted->private_keys, 1U);
        EXPECT_EQ(deleted->public_keys, 1U);
        EXPECT_EQ(
            what_holds(token.session(), "front").value(), certificates ? "" : "a certificate"
        );
    }
    EXPECT_EQ(delete_key(token, "front", true).error().code, Errc::key_not_found);
}

TEST_F(Admin, RequestIsSignedByKeysOfEveryType) {
    const AdminToken token = opened();
    for (const char* type : {"rsa:2048", "ec:P-256", "ec:P-384", "ed25519"}) {
        const auto key = generate(token, type, type);
        const RequestContent content{
            *parse_subject("/O=Example/CN=ftp.example.com"),
            *parse_names("DNS:ftp.example.com,IP:::1"),
            key->public_key.get(),
            key->plan.type};
        const auto pem = make_request(content, [&](const SignRequest& wanted) {
            return token.sign(*key, wanted);
        });
        ASSERT_TRUE(pem) << type << ": " << pem.error().message;
        const BioPtr memory(BIO_new_mem_buf(pem->data(), static_cast<int>(pem->size())));
        const std::unique_ptr<X509_REQ, Deleter<X509_REQ_free>> request(
            PEM_read_bio_X509_REQ(memory.get(), nullptr, nullptr, nullptr)
        );
        ASSERT_TRUE(request) << type;
        EXPECT_EQ(X509_REQ_verify(request.get(), key->public_key.get()), 1) << type;
    }
}

TEST_F(Admin, RequestWithASignatureThatDoesNotFitIsNotWritten) {
    const auto key = test::make_key("P-256");
    const RequestContent content{*parse_subject("/CN=a"), {}, key.get(), KeyType::ec};
    const auto pem = make_request(content, [](const SignRequest&) -> Result<Signature> {
        return Signature(64, 1);
    });
    ASSERT_FALSE(pem);
    EXPECT_EQ(pem.error().code, Errc::signature_failed);
}

TEST_F(Admin, StoringReplacesTheOlderChain) {
    const AdminToken token = opened();
    const auto key = generate(token, "front", "ec:P-256");
    const test::TestCa ca;
    const auto chain_of = [&](X509Ptr leaf) {
        Chain chain;
        chain.certificates.push_back(std::move(leaf));
        X509_up_ref(ca.certificate());
        chain.certificates.emplace_back(ca.certificate());
        return chain;
    };
    const auto session = token.open_read_write();
    ASSERT_TRUE(session);
    ASSERT_TRUE(store_chain(*session, "front", chain_of(ca.issue(key->public_key.get(), "old"))));
    const Chain chain = chain_of(ca.issue(key->public_key.get(), "new"));
    for (int i = 0; i < 2; ++i) {
        ASSERT_TRUE(store_chain(*session, "front", chain));
        const auto stored = find_certificates(*session, "front");
        ASSERT_TRUE(stored);
        EXPECT_EQ(stored->size(), 2U);
    }
    const auto& id = *session->attribute(*find_private_key(*session, "front"), CKA_ID);
    CK_OBJECT_CLASS kind = CKO_CERTIFICATE;
    const auto leaves =
        session->find({attribute_of(CKA_CLASS, kind), attribute_of(CKA_ID, Bytes(id))}, 8);
    EXPECT_EQ(leaves->size(), 1U) << "the CA's certificate must not have the key's id";
}

TEST_F(Admin, NoPinIsSentWhileOneMoreWouldLockTheToken) {
    for (const long flag : {CKF_USER_PIN_FINAL_TRY, CKF_USER_PIN_LOCKED}) {
        shim_.set({{"token_flags", flag}});
        const auto token = open();
        ASSERT_FALSE(token);
        EXPECT_EQ(token.error().code, Errc::pin_locked);
        EXPECT_EQ(shim_.counter("logins"), 0U);
    }
    shim_.set({{"token_flags", CKF_USER_PIN_FINAL_TRY}});
    EXPECT_TRUE(open(PinRisk::accept));
}

TEST_F(Admin, DirectoryListsSlotsTokensAndCertificatesWithoutAPin) {
    {
        const AdminToken token = opened();
        (void)generate(token, "ed", "ed25519");
        const auto key = generate(token, "front", "ec:P-256");
        Chain chain;
        chain.certificates.push_back(test::TestCa().issue(key->public_key.get(), "front"));
        ASSERT_TRUE(store_chain(*token.open_read_write(), "front", chain));
    }
    const auto before = shim_.counter("logins");
    const auto directory = TokenDirectory::open(settings().module);
    ASSERT_TRUE(directory) << directory.error().message;
    const auto& slots = directory->slots();
    const auto slot = std::find_if(slots.begin(), slots.end(), [this](const ListedSlot& listed) {
        return !listed.token.empty() && listed.token.front().label == token_.label();
    });
    ASSERT_NE(slot, slots.end());
    EXPECT_TRUE(slot->token.front().login_required);
    const auto certificates = directory->certificates(slot->id);
    ASSERT_TRUE(certificates) << certificates.error().message;
    ASSERT_EQ(certificates->size(), 1U);
    EXPECT_EQ(certificates->front().label, "front");
    EXPECT_EQ(shim_.counter("logins"), before);
}

TEST_F(Admin, DirectoryNeitherHangsNorFailsOnATokenThatIsAway) {
    const auto slot = opened().token().slot;
    {
        const auto directory = TokenDirectory::open(settings().module);
        ASSERT_TRUE(directory);
        shim_.set({{"open_rv", CKR_DEVICE_ERROR}});
        const auto certificates = directory->certificates(slot);
        ASSERT_FALSE(certificates);
        EXPECT_THAT(certificates.error().message, HasSubstr("CKR_DEVICE_ERROR"));
    }
    shim_.set({{"down", CKR_TOKEN_NOT_PRESENT}});
    EXPECT_FALSE(TokenDirectory::open(settings().module)) << "C_GetInfo fails";
    shim_.set({{"no_slots", 1}});
    const auto empty = TokenDirectory::open(settings().module);
    ASSERT_TRUE(empty) << empty.error().message;
    EXPECT_TRUE(empty->slots().empty());
}

TEST_F(Admin, ModuleWorksAgainAfterTheDirectoryIsClosed) {
    for (int i = 0; i < 5; ++i) {
        ASSERT_TRUE(TokenDirectory::open(settings().module));
        ASSERT_TRUE(list_certificates(settings().module, token_.label()));
        ASSERT_TRUE(list_keys(opened().session()));
    }
}

}  // namespace
}  // namespace hsmfront::certs
