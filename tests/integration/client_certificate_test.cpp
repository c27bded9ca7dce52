// Client certificates, on FTPS and HTTPS.
#include "ftp_scene.hpp"
#include "tests/harness/stage.hpp"
#include "tests/support/test_ca.hpp"

namespace hsmfront::test {
namespace {

using ContextPtr = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

/// A client's certificate and key in files, and the CA it comes from.
struct CredentialFiles {
    std::filesystem::path certificate;
    std::filesystem::path key;
};

CredentialFiles make_credential(
    const TestCa& ca, const std::filesystem::path& folder, const std::string& name
) {
    CredentialFiles made{folder / (name + ".pem"), folder / (name + ".key")};
    const auto key = make_key("P-256");
    write_file(made.certificate, to_pem(ca.issue_client(key.get(), name).get()));
    write_file(made.key, to_pem(key.get()));
    return made;
}

std::string client_certificate(const std::string& mode, const std::filesystem::path& ca) {
    return "tls: { client_certificate: { mode: " + mode + ", ca: " + ca.string() + " } }\n";
}

class ClientCertificates : public FtpScene, public ::testing::WithParamInterface<int> {
  protected:
    ClientCertificates() {
        write_file(authorities_, ca_.pem());
        ask("require");
        options.tls_version = GetParam();
        show(make_credential(ca_, scratch(), "ann"));
    }

    void ask(const std::string& mode) { config.extra = client_certificate(mode, authorities_); }
    void show(const CredentialFiles& credential) {
        options.certificate = credential.certificate;
        options.key = credential.key;
    }
    void show_none() { show({}); }
    /// In TLS 1.3 a client learns of its refusal only after its own handshake.
    bool refused() {
        connect();
        EXPECT_THAT(client->ask("AUTH TLS"), StartsWith("234"));
        return !client->secure() || client->control().rest().ending == Ending::broken;
    }
    void download(SSL_CTX* context, const TlsSession& session) {
        open_data();
        ASSERT_TRUE(data.secure(context, session, "localhost"));
        serve_some();
        expect_some();
    }
    void expect_522(SSL_CTX* context) {
        open_data();
        static_cast<void>(data.secure(context, nullptr, "localhost"));
        answer_abor();
        EXPECT_EQ(behind.rest().ending, Ending::reset);
        EXPECT_EQ(data.rest().bytes, "");
        EXPECT_THAT(client->reply(), StartsWith("522"));
        EXPECT_TRUE(alive());
    }
    void open_data() {
        const auto port = passive();
        ASSERT_NO_FATAL_FAILURE(order("RETR a"));
        backend.reply("150 here");
        ASSERT_EQ(client->reply(), "150 here");
        data = client->connect_data(port);
        ASSERT_TRUE(data.open());
    }
    [[nodiscard]] static ContextPtr context_showing(const CredentialFiles& credential) {
        ContextPtr context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
        SSL_CTX_set_max_proto_version(context.get(), GetParam());
        if (!credential.certificate.empty()) {
            SSL_CTX_use_certificate_chain_file(context.get(), credential.certificate.c_str());
            SSL_CTX_use_PrivateKey_file(context.get(), credential.key.c_str(), SSL_FILETYPE_PEM);
        }
        return context;
    }

    TestCa ca_{"clients' CA"};
    std::filesystem::path authorities_ = scratch() / "clients.pem";
};

INSTANTIATE_TEST_SUITE_P(
    Tls,
    ClientCertificates,
    ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
    [](const auto& version) { return version.param == TLS1_2_VERSION ? "1_2" : "1_3"; }
);

TEST_P(ClientCertificates, AGoodOneIsLetInAndItsSessionResumed) {
    config.ftp.data = "session_reuse: require";
    log_in();
    for (int i = 0; i < 2; ++i) {
        begin("RETR a");
        EXPECT_EQ(SSL_session_reused(data.ssl()), 1);
        serve_some();
        expect_some();
        data.finish();  // else OpenSSL gives the session up
    }
}

TEST_P(ClientCertificates, BackendIsToldTheCommonName) {
    config.ftp.backend_options = ", proxy_protocol: v2";
    connect();
    ASSERT_THAT(client->ask("AUTH TLS"), StartsWith("234"));
    ASSERT_TRUE(client->secure());
    ASSERT_TRUE(backend.accept());
    const std::string head = backend.control().take(16);
    ASSERT_EQ(head.size(), 16U);
    const auto high = static_cast<unsigned char>(head[14]);
    const auto low = static_cast<unsigned char>(head[15]);
    using namespace std::string_literals;
    EXPECT_THAT(backend.control().take(high * 256U + low), HasSubstr("\x22\0\3ann"s));
}

TEST_P(ClientCertificates, NoneIsRefusedWhereOneIsRequired) {
    show_none();
    EXPECT_TRUE(refused());
    EXPECT_TRUE(front->logged(
        "TLS handshake failed (client_certificate_missing): peer did not return a certificate"
    ));
}

TEST_P(ClientCertificates, NoneIsFineWhereOneIsRequested) {
    ask("request");
    show_none();
    log_in();
    download(client->context(), nullptr);
}

TEST_P(ClientCertificates, OneOfAnotherCaIsRefused) {
    ask("request");
    show(make_credential(TestCa("strangers' CA"), scratch(), "eve"));
    EXPECT_TRUE(refused());
    EXPECT_TRUE(front->logged("client certificate \"CN=eve\": unable to get"));
}

TEST_P(ClientCertificates, AServersCertificateIsRefused) {
    const auto key = make_key("P-256");
    show({scratch() / "server.pem", scratch() / "server.key"});
    write_file(options.certificate, to_pem(ca_.issue(key.get(), "www").get()));
    write_file(options.key, to_pem(key.get()));
    EXPECT_TRUE(refused());
    EXPECT_TRUE(front->logged("client certificate \"CN=www\": unsuitable certificate purpose"));
}

TEST_P(ClientCertificates, Rfc4217_15_1_2_DataConnectionsShowTheSameOne) {
    log_in();
    download(client->context(), nullptr);  // a full handshake
    const CredentialFiles other = make_credential(ca_, scratch(), "bob");
    expect_522(context_showing(other).get());
    EXPECT_TRUE(front->logged("certificate \"CN=bob\" is not the control connection's"));
    download(client->context(), nullptr);
}

TEST_P(ClientCertificates, Rfc4217_15_1_2_DataConnectionsDoNotLeaveItOut) {
    ask("request");
    log_in();
    expect_522(context_showing({}).get());
}

TEST(ClientCertificateCa, AMissingOneIsAnErrorOfCheckAndStart) {
    const TempDir folder;
    const std::string mode = client_certificate("require", folder.path() / "none.pem");
    write_file(
        folder.path() / "hsmfront.yaml",
        mode + "certificates: " + Material::get().key_files().string() +
            "\nhttp:\n  enabled: true\n  hsm: { enabled: false }\n  alias: ec\n"
            "  listen: [{ address: 127.0.0.1, port: 1 }]\n"
            "  backend: { address: 127.0.0.1, port: 2 }\n"
    );
    const auto said = run({program(), "check", "-c", folder.path() / "hsmfront.yaml"});
    EXPECT_NE(said.code, 0);
    const std::string all = said.out + said.error;
    EXPECT_THAT(all, HasSubstr("tls.client_certificate.ca"));
    EXPECT_THAT(all, HasSubstr("none.pem: No such file or directory"));
    EXPECT_THAT(all, HasSubstr("set tls.client_certificate.mode to none"));
}

class HttpsClientCertificates : public Stage {
  protected:
    HttpsClientCertificates() {
        config.ftp.enabled = false;
        write_file(scratch() / "clients.pem", ca_.pem());
        config.extra = client_certificate("require", scratch() / "clients.pem");
        write_file(nginx.root() / "page", "hello");
    }

    TestCa ca_{"clients' CA"};
};

TEST_F(HttpsClientCertificates, AreDemanded) {
    start();
    EXPECT_NE(curl({https("/page")}).code, 0);
    EXPECT_TRUE(front->logged("peer did not return a certificate"));
    const CredentialFiles ann = make_credential(ca_, scratch(), "ann");
    const auto page =
        curl({"--cert", ann.certificate.string(), "--key", ann.key.string(), https("/page")});
    EXPECT_EQ(page.out, "hello") << page.error;
}

/// The base64 lines of a PEM file's first certificate as one, as RFC 9440 has it.
std::string client_cert_of(const std::filesystem::path& pem) {
    std::istringstream lines(read_file(pem));
    std::string line;
    std::string value = ":";
    while (std::getline(lines, line) && line != "-----END CERTIFICATE-----") {
        value += line.starts_with('-') ? "" : line;
    }
    return value + ":";
}

TEST_F(HttpsClientCertificates, Rfc9440TheBackendIsShownThem) {
    Origin origin(scratch() / "origin", ports);
    config.http.backend_port = origin.port();
    config.extra = client_certificate("request", scratch() / "clients.pem");
    start();
    const CredentialFiles ann = make_credential(ca_, scratch(), "ann");
    const auto with = curl(
        {"--cert",
         ann.certificate.string(),
         "--key",
         ann.key.string(),
         "-H",
         "Client-Cert: :Zm9yZ2Vk:",
         "-H",
         "client_cert_chain: :Zm9yZ2Vk:",
         https("/request")}
    );
    ASSERT_EQ(with.code, 0) << with.error;
    EXPECT_THAT(with.out, HasSubstr("Client-Cert: " + client_cert_of(ann.certificate) + "\n"));
    EXPECT_THAT(with.out, ::testing::Not(HasSubstr("Zm9yZ2Vk")));
    const auto without = curl({"-H", "Client-Cert: :Zm9yZ2Vk:", https("/request")});
    ASSERT_EQ(without.code, 0) << without.error;
    EXPECT_THAT(without.out, HasSubstr("GET /request"));
    EXPECT_THAT(without.out, ::testing::Not(HasSubstr("lient-")));
}

TEST_F(HttpsClientCertificates, AReloadWithoutTheirCaKeepsWhatIs) {
    start();
    std::filesystem::remove(scratch() / "clients.pem");
    front->process().signal(SIGHUP);
    EXPECT_TRUE(front->logged("set tls.client_certificate.mode to none"));
    const CredentialFiles ann = make_credential(ca_, scratch(), "ann");
    const auto page =
        curl({"--cert", ann.certificate.string(), "--key", ann.key.string(), https("/page")});
    EXPECT_EQ(page.out, "hello") << page.error;
}

}  // namespace
}  // namespace hsmfront::test
