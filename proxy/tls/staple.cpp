#include "proxy/tls/staple.hpp"

#include "proxy/tls/stream.hpp"

#include <openssl/crypto.h>

#include <algorithm>

namespace hsmfront::tls {

void StapleSlot::put(Response response) {
    const std::lock_guard lock(mutex_);
    response_ = std::move(response);
}

void StapleSlot::note(std::string problem) {
    const std::lock_guard lock(mutex_);
    problem_ = std::move(problem);
}

StapleSlot::Response StapleSlot::valid(std::time_t now) const {
    const std::lock_guard lock(mutex_);
    return response_ != nullptr && now < response_->next_update ? response_ : nullptr;
}

StapleStatus StapleSlot::status(std::time_t now) const {
    const Response response = valid(now);
    const std::lock_guard lock(mutex_);
    return {response != nullptr ? response->next_update : 0, problem_};
}

void Staples::add(const X509* certificate, std::shared_ptr<StapleSlot> slot) {
    slots_.emplace_back(certificate, std::move(slot));
}

void Staples::install(SSL_CTX* ctx) {
    if (!slots_.empty()) {
        SSL_CTX_set_tlsext_status_cb(ctx, answer);
        SSL_CTX_set_tlsext_status_arg(ctx, this);
    }
}

StapleSlot* Staples::find(const X509* certificate) const {
    const auto found = std::find_if(slots_.begin(), slots_.end(), [certificate](const auto& slot) {
        return slot.first == certificate;
    });
    return found == slots_.end() ? nullptr : found->second.get();
}

/// OpenSSL asks once it has chosen the certificate, for full handshakes only.
int Staples::answer(SSL* ssl, void* staples) {
    const StapleSlot* slot = static_cast<const Staples*>(staples)->find(SSL_get_certificate(ssl));
    if (slot == nullptr) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    const auto now = std::time(nullptr);
    const StapleSlot::Response response = slot->valid(now);
    if (response == nullptr) {
        if (!slot->required()) {
            return SSL_TLSEXT_ERR_NOACK;
        }
        const std::string why = slot->status(now).problem;
        Stream::of(ssl).note_refusal(
            "the certificate of alias \"" + slot->alias() +
            "\" demands a staple (must-staple) and there is no OCSP response" +
            (why.empty() ? "" : ": " + why)
        );
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    const auto& der = response->der;
    void* copy = OPENSSL_memdup(der.data(), der.size());  // owned by `ssl` from here
    if (copy == nullptr) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    SSL_set_tlsext_status_ocsp_resp(ssl, copy, static_cast<int>(der.size()));
    return SSL_TLSEXT_ERR_OK;
}

}  // namespace hsmfront::tls
