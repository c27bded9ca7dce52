// ClientIdentity: who the client of a connection is, and the fields that tell the backend
// (X-Forwarded-*, Forwarded of RFC 7239, Client-Cert of RFC 9440).
#pragma once

#include "proxy/http/field_output.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <string>
#include <string_view>

namespace hsmfront::http {

/// The client of a connection, as the backend is told.
struct ClientIdentity {
    std::string address;  ///< "192.0.2.1", "2001:db8::1"
    bool ipv6 = false;
    std::string server_name;   ///< SNI; empty: none
    bool trusted = false;      ///< its own forwarding fields are believed
    std::string port;          ///< of ours that it came to
    std::string default_host;  ///< authority where an HTTP/1.0 request names none
    std::string certificate;   ///< verified, as Client-Cert has it; empty: none was shown
    std::string proxy_header;  ///< that backend connections for it begin with; empty: nothing
};

/// `server_name` is the TLS SNI or empty.
[[nodiscard]] ClientIdentity identify_client(
    const boost::asio::ip::tcp::endpoint& peer,
    const boost::asio::ip::tcp::endpoint& local,
    std::string_view server_name,
    bool trusted
);

/// A certificate in DER as the value of Client-Cert: a byte sequence (RFC 9440 §2.1, RFC 8941
/// §3.3.5). Empty for none.
[[nodiscard]] std::string client_cert_value(std::string_view der);

/// The fields of one request that say who its client is.
class IdentityFields {
  public:
    /// All references outlive it. `inbound` are the fields that the client sent.
    IdentityFields(
        const Fields& inbound, const ClientIdentity& client, const config::Forwarded& settings
    );

    /// True for an inbound field that must not go on as it is.
    [[nodiscard]] bool replaces(std::string_view name) const;
    /// `host` is the authority that the client meant.
    void write(FieldOutput& out, const std::string& host) const;

  private:
    const Fields& inbound_;
    const ClientIdentity& client_;
    bool client_cert_;
    bool believes_forwarded_;  ///< inbound Forwarded comes from a trusted peer and is well-formed
    bool x_forwarded_;
    bool forwarded_;
};

}  // namespace hsmfront::http
