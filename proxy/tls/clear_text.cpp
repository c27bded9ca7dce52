#include "proxy/tls/clear_text.hpp"

#include <openssl/ssl.h>

#include <algorithm>

namespace hsmfront::tls {
namespace {

using namespace std::string_view_literals;
using Cause = HandshakeCause;

/// ContentType of RFC 6520, the highest in use.
constexpr unsigned char heartbeat = 24;

struct Beginning {
    std::string_view bytes;  ///< at most five
    Cause cause;
    std::string_view words;
};

constexpr std::string_view http = "plain HTTP on a TLS port; the client must use https";
constexpr std::string_view ftp =
    "plain FTP where TLS should begin; the client must use implicit TLS on this port, or AUTH TLS "
    "on one with tls: explicit";
constexpr std::string_view smtp = "SMTP on a TLS port; the client took the wrong port";
constexpr std::string_view proxy =
    "a PROXY header where TLS should begin; list the balancer in proxy_protocol.accept_from, or "
    "have it send none";

constexpr std::array beginnings{
    Beginning{"GET ", Cause::plain_http, http},
    Beginning{"HEAD ", Cause::plain_http, http},
    Beginning{"POST ", Cause::plain_http, http},
    Beginning{"PUT ", Cause::plain_http, http},
    Beginning{"DELET", Cause::plain_http, http},
    Beginning{"OPTIO", Cause::plain_http, http},
    Beginning{"PATCH", Cause::plain_http, http},
    Beginning{"TRACE", Cause::plain_http, http},
    Beginning{
        "CONNE",
        Cause::plain_http,
        "plain HTTP on a TLS port, and a request to be its proxy; the client must use https"},
    Beginning{
        "PRI *",
        Cause::plain_http2,
        "HTTP/2 without TLS (prior knowledge) on a TLS port; the client must use https"},
    Beginning{"PROXY", Cause::proxy_header, proxy},
    Beginning{"\r\n\r\n\0"sv, Cause::proxy_header, proxy},
    Beginning{"SSH-", Cause::plain_text, "SSH on a TLS port; the client took the wrong port"},
    Beginning{"EHLO ", Cause::plain_text, smtp},
    Beginning{"HELO ", Cause::plain_text, smtp},
    Beginning{"USER ", Cause::plain_text, ftp},
    Beginning{"AUTH ", Cause::plain_text, ftp},
    Beginning{"HOST ", Cause::plain_text, ftp},
    Beginning{"FEAT\r", Cause::plain_text, ftp},
    Beginning{"FEAT\n", Cause::plain_text, ftp},
    Beginning{"OPTS ", Cause::plain_text, ftp},
    Beginning{"SYST\r", Cause::plain_text, ftp},
    Beginning{"QUIT\r", Cause::plain_text, ftp},
};

bool is_text(char c) { return (c >= ' ' && c <= '~') || c == '\r' || c == '\n' || c == '\t'; }

}  // namespace

bool is_tls(std::span<const unsigned char, 5> first) {
    const bool record = first[0] >= SSL3_RT_CHANGE_CIPHER_SPEC && first[0] <= heartbeat &&
                        first[1] == SSL3_VERSION_MAJOR;
    const bool v2_hello = (first[0] & 0x80U) != 0 && first[2] == SSL2_MT_CLIENT_HELLO;
    return record || v2_hello;
}

HandshakeFailure explain_clear_text(std::span<const unsigned char, 5> first) {
    const std::string_view text(reinterpret_cast<const char*>(first.data()), first.size());
    const auto* const known =
        std::find_if(beginnings.begin(), beginnings.end(), [text](const Beginning& one) {
            return text.starts_with(one.bytes);
        });
    if (known != beginnings.end()) {
        return {known->cause, std::string(known->words)};
    }
    if (std::all_of(text.begin(), text.end(), is_text)) {
        return {Cause::plain_text, "clear text on a TLS port; it begins with " + in_quotes(text)};
    }
    return {Cause::not_tls, "not TLS; it begins with " + in_quotes(text)};
}

}  // namespace hsmfront::tls
