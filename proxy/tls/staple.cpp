#include "proxy/tls/staple.hpp"

#include "proxy/tls/stream.hpp"

#include <openssl/crypto.h>

#include <utility>

namespace hsmfront::tls {
namespace {

using SlotPtr = std::shared_ptr<StapleSlot>;

void free_slot(void*, void* slot, CRYPTO_EX_DATA*, int, long, void*) {
    delete static_cast<SlotPtr*>(slot);
}

int slot_index() {
    static const int index = X509_get_ex_new_index(0, nullptr, nullptr, nullptr, free_slot);
    return index;
}

SlotPtr* slot_of(const X509* certificate) {
    return static_cast<SlotPtr*>(X509_get_ex_data(certificate, slot_index()));
}

/// OpenSSL asks once it has chosen the certificate, for full handshakes only.
int answer(SSL* ssl, void*) {
    const X509* certificate = SSL_get_certificate(ssl);
    const SlotPtr* attached = certificate != nullptr ? slot_of(certificate) : nullptr;
    if (attached == nullptr) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    const StapleSlot& slot = **attached;
    const auto now = std::time(nullptr);
    const StapleSlot::Response response = slot.valid(now);
    if (response == nullptr) {
        if (!slot.required()) {
            return SSL_TLSEXT_ERR_NOACK;
        }
        const std::string why = slot.status(now).problem;
        Stream::of(ssl).note_refusal(
            "the certificate of alias \"" + slot.alias() +
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

}  // namespace

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

void attach_staple(X509* certificate, std::shared_ptr<StapleSlot> slot) {
    if (SlotPtr* present = slot_of(certificate)) {
        *present = std::move(slot);
        return;
    }
    auto holder = std::make_unique<SlotPtr>(std::move(slot));
    if (X509_set_ex_data(certificate, slot_index(), holder.get()) == 1) {
        static_cast<void>(holder.release());
    }
}

void serve_staples(SSL_CTX* ctx) { SSL_CTX_set_tlsext_status_cb(ctx, answer); }

}  // namespace hsmfront::tls
