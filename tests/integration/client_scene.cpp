#include "client_scene.hpp"

namespace hsmfront::test {
namespace {

Visit& visit_of(const SSL* ssl) {
    return *static_cast<Visit*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
}

}  // namespace

Clients::Clients(std::filesystem::path folder) : folder_(std::move(folder)) {
    write_file(ca_file(), root.pem());
    revoke({});
}

void Clients::revoke(const std::vector<X509*>& by_root, const std::vector<X509*>& by_sub) const {
    replace(
        crl_file(),
        to_pem(root.crl(by_root).get()) + to_pem(sub.crl(by_sub).get()) +
            to_pem(below_sub.crl({}).get()) + to_pem(revoked_sub.crl({}).get())
    );
}

void Clients::replace(const std::filesystem::path& file, const std::string& content) const {
    write_file(folder_ / "next", content);
    std::filesystem::rename(folder_ / "next", file);
}

Clients::Made Clients::make(
    const TestCa& ca, const TestCertificate& content, const std::string& issuers
) const {
    const auto key = make_key("P-256");
    const auto name = content.subject + std::to_string(++count_);
    Made made{{folder_ / (name + ".pem"), folder_ / (name + ".key")}, ca.issue(key.get(), content)};
    write_file(made.files.chain, to_pem(made.certificate.get()) + issuers);
    write_file(made.files.key, to_pem(key.get()));
    return made;
}

Credential Clients::self_signed() const {
    const TestCa eve("eve");
    const auto key = eve.key_pem();
    write_file(folder_ / "self.pem", eve.pem());
    write_file(folder_ / "self.key", key);
    return {folder_ / "self.pem", folder_ / "self.key"};
}

ContextPtr context_of(int version, const Credential& shown) {
    ContextPtr context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
    SSL_CTX_set_min_proto_version(context.get(), version);
    SSL_CTX_set_max_proto_version(context.get(), version);
    if (!shown.chain.empty()) {
        SSL_CTX_use_certificate_chain_file(context.get(), shown.chain.c_str());
        SSL_CTX_use_PrivateKey_file(context.get(), shown.key.c_str(), SSL_FILETYPE_PEM);
    }
    return context;
}

void watch(SSL_CTX* context, Visit& visit) {
    SSL_CTX_set_app_data(context, &visit);
    SSL_CTX_set_info_callback(context, [](const SSL* ssl, int where, int what) {
        if (where == SSL_CB_READ_ALERT && (what & 0xff) != SSL_AD_CLOSE_NOTIFY) {
            visit_of(ssl).alert = what & 0xff;
        }
    });
    SSL_CTX_set_session_cache_mode(
        context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE
    );
    SSL_CTX_sess_set_new_cb(context, [](SSL* ssl, SSL_SESSION* session) {
        visit_of(ssl).session = TlsSession(session, SSL_SESSION_free);
        return 1;
    });
}

}  // namespace hsmfront::test
