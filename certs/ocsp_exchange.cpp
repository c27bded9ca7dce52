#include "certs/ocsp_exchange.hpp"

#include "certs/errc.hpp"
#include "certs/openssl_reason.hpp"

#include <openssl/err.h>

namespace hsmfront::certs {
namespace {

/// Largest line of the answer's head.
constexpr int line_limit = 4 << 10;

/// What OpenSSL allocated for a part of a URL.
struct Part {
    Part() = default;
    ~Part() { OPENSSL_free(text); }
    Part(const Part&) = delete;
    Part& operator=(const Part&) = delete;
    [[nodiscard]] std::string str() const { return text != nullptr ? text : ""; }

    char* text = nullptr;
};

Failure unusable(const std::string& url, const std::string& why) {
    return {Errc::file_malformed, "the URL of the OCSP responder, \"" + url + "\", " + why};
}

std::string host_header(const ResponderUrl& responder) {
    const bool ipv6 = responder.host.find(':') != std::string::npos;
    const std::string host = ipv6 ? "[" + responder.host + "]" : responder.host;
    return responder.port == 80 ? host : host + ":" + std::to_string(responder.port);
}

/// With what OpenSSL noted beside the reason: the status that the responder answered.
std::string http_reason() {
    const char* data = nullptr;
    int flags = 0;
    ERR_peek_error_data(&data, &flags);
    const std::string more =
        data != nullptr && (flags & ERR_TXT_STRING) != 0 ? std::string(data) : std::string();
    const std::string reason = drain_openssl_reason();
    return more.empty() ? reason : reason + " (" + more + ")";
}

}  // namespace

Loaded<ResponderUrl> parse_responder(const std::string& url) {
    Part user;
    Part host;
    Part port;
    Part path;
    Part query;
    int tls = 0;
    int number = 0;
    const bool parsed = OSSL_HTTP_parse_url(
                            url.c_str(),
                            &tls,
                            &user.text,
                            &host.text,
                            &port.text,
                            &number,
                            &path.text,
                            &query.text,
                            nullptr
                        ) == 1;
    ERR_clear_error();
    if (!parsed || host.str().empty() || number < 1 || number > UINT16_MAX) {
        return unusable(url, "cannot be read; it must be like http://ocsp.example.com/path");
    }
    if (tls != 0) {
        return unusable(url, "is https; responders are asked over http (their answers are signed)");
    }
    if (!user.str().empty() || url.find_first_of(" \r\n\t") != std::string::npos) {
        return unusable(url, "holds a user name or a blank");
    }
    ResponderUrl responder{host.str(), static_cast<std::uint16_t>(number), path.str(), url};
    if (responder.host.starts_with('[') && responder.host.ends_with(']')) {
        responder.host = responder.host.substr(1, responder.host.size() - 2);
    }
    responder.path += query.str().empty() ? "" : "?" + query.str();
    return responder;
}

OcspExchange::OcspExchange(const ResponderUrl& responder, OCSP_REQUEST* request)
    : out_(BIO_new(BIO_s_mem())), in_(BIO_new(BIO_s_mem())) {
    BIO_set_mem_eof_return(in_.get(), -1);  // no bytes yet is not their end
    exchange_.reset(OSSL_HTTP_REQ_CTX_new(out_.get(), in_.get(), line_limit));
    auto* exchange = exchange_.get();
    auto* asked = reinterpret_cast<ASN1_VALUE*>(request);
    const bool ok =
        exchange != nullptr &&
        OSSL_HTTP_REQ_CTX_set_request_line(exchange, 1, nullptr, nullptr, responder.path.c_str()) ==
            1 &&
        OSSL_HTTP_REQ_CTX_add1_header(exchange, "Host", host_header(responder).c_str()) == 1 &&
        OSSL_HTTP_REQ_CTX_set_expected(exchange, "application/ocsp-response", 1, 0, 0) == 1 &&
        OSSL_HTTP_REQ_CTX_set1_req(
            exchange, "application/ocsp-request", ASN1_ITEM_rptr(OCSP_REQUEST), asked
        ) == 1;
    if (!ok || step() != State::more) {
        why_ = "cannot write the request: " + drain_openssl_reason();
        return;
    }
    OSSL_HTTP_REQ_CTX_set_max_response_length(exchange, largest_ocsp_response);
    char* data = nullptr;
    const long size = BIO_get_mem_data(out_.get(), &data);
    outgoing_.assign(data, static_cast<std::size_t>(size));
}

OcspExchange::State OcspExchange::step() {
    ERR_clear_error();
    const int rc = OSSL_HTTP_REQ_CTX_nbio(exchange_.get());
    if (rc == 1) {
        done_ = true;
        return State::done;
    }
    if (rc < 0) {
        ERR_clear_error();
        return State::more;
    }
    why_ = http_reason();
    return State::failed;
}

OcspExchange::State OcspExchange::receive(std::span<const char> bytes) {
    received_ += bytes.size();
    if (received_ > largest_ocsp_response) {
        why_ = "its answer is larger than 64 KiB";
        return State::failed;
    }
    if (head_done_) {
        return feed({bytes.data(), bytes.size()});
    }
    head_.append(bytes.data(), bytes.size());
    if (head_.find("\n\r\n") == std::string::npos && head_.find("\n\n") == std::string::npos) {
        return State::more;
    }
    head_done_ = true;
    return feed(head_);
}

OcspExchange::State OcspExchange::feed(std::string_view bytes) {
    const auto size = static_cast<int>(bytes.size());
    if (size > 0 && BIO_write(in_.get(), bytes.data(), size) != size) {
        why_ = drain_openssl_reason();
        return State::failed;
    }
    return step();
}

OcspExchange::State OcspExchange::end() {
    BIO_set_mem_eof_return(in_.get(), 0);
    const State state = head_done_ ? step() : feed(head_);
    if (state == State::done) {
        return state;
    }
    why_ = received_ == 0 ? "it closed the connection without an answer"
                          : "it closed the connection within its answer";
    return State::failed;
}

std::vector<unsigned char> OcspExchange::response() const {
    BIO* body = done_ ? OSSL_HTTP_REQ_CTX_get0_mem_bio(exchange_.get()) : nullptr;
    char* data = nullptr;
    const long size = body != nullptr ? BIO_get_mem_data(body, &data) : 0;
    return {data, data + size};
}

}  // namespace hsmfront::certs
