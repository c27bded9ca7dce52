// Inbound identity fields out, ours in.
#include "proxy/http/client_identity.hpp"

#include "proxy/http/forwarded_list.hpp"
#include "proxy/http/target.hpp"
#include "proxy/net/networks.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <vector>

namespace hsmfront::http {
namespace {

using namespace std::string_view_literals;

/// Say who the client is. Taken from trusted peers only.
constexpr std::array identity_fields{
    "Forwarded"sv, "X-Real-IP"sv, "X-Client-IP"sv, "True-Client-IP"sv, "X-Forwarded"sv};

/// Never taken from a client (RFC 9440 §4).
constexpr std::array certificate_fields{"Client-Cert"sv, "Client-Cert-Chain"sv};

template <std::size_t N>
bool resembles(const std::array<std::string_view, N>& names, std::string_view name) {
    return std::any_of(names.begin(), names.end(), [&](std::string_view known) {
        return looks_like(name, known);
    });
}

bool is_forwarded_family(std::string_view name) {
    constexpr auto prefix = "X-Forwarded-"sv;
    return looks_like(name.substr(0, prefix.size()), prefix);
}

bool is_identity(std::string_view name) {
    return is_forwarded_family(name) || resembles(identity_fields, name);
}

/// Names of identity fields have letters, digits and '-' only.
bool is_plainly_spelled(std::string_view name) {
    return std::all_of(name.begin(), name.end(), [](char c) {
        return is_alphanumeric(c) || c == '-';
    });
}

/// RFC 7239 §4: a token as it is, anything else quoted.
void append_pair(std::string& out, std::string_view name, std::string_view value) {
    out += name;
    out += '=';
    if (is_token(value)) {
        out += value;
        return;
    }
    out += '"';
    out += value;  // an address or a checked authority: no quote or backslash in it
    out += '"';
}

std::string forwarded_element(const ClientIdentity& client, const std::string& host) {
    std::string element;
    element.reserve(client.address.size() + host.size() + 32);
    if (client.ipv6) {
        append_pair(element, "for", '[' + client.address + ']');
    } else {
        append_pair(element, "for", client.address);
    }
    element += ';';
    append_pair(element, "host", host);
    element += ";proto=https";
    return element;
}

/// Whether a peer's Forwarded can be believed and appended to; none is well-formed.
bool is_forwarded_well_formed(const Fields& fields) {
    return std::all_of(fields.begin(), fields.end(), [](const Field& field) {
        return !iequals(field.name, "Forwarded") || is_forwarded_list(field.value);
    });
}

void write_unless(
    FieldOutput& out, const Fields& present, std::string_view name, std::string_view value
) {
    if (find(present, name) == nullptr) {
        out.add(name, value);
    }
}

}  // namespace

ClientIdentity identify_client(
    const boost::asio::ip::tcp::endpoint& peer,
    const boost::asio::ip::tcp::endpoint& local,
    std::string_view server_name,
    bool trusted
) {
    const auto address = net::unmapped(peer.address());
    const auto own = net::unmapped(local.address());
    ClientIdentity client;
    client.address = address.to_string();
    client.ipv6 = address.is_v6();
    client.server_name = server_name;
    client.trusted = trusted;
    client.port = std::to_string(local.port());
    if (!server_name.empty() && parse_authority(server_name)) {
        client.default_host = server_name;
    } else {
        client.default_host = own.is_v6() ? '[' + own.to_string() + ']' : own.to_string();
    }
    if (local.port() != 443) {
        client.default_host += ':' + client.port;
    }
    return client;
}

std::string client_cert_value(std::string_view der) {
    if (der.empty()) {
        return {};
    }
    const std::size_t size = (der.size() + 2) / 3 * 4;
    std::vector<unsigned char> text(size + 1);
    EVP_EncodeBlock(
        text.data(),
        reinterpret_cast<const unsigned char*>(der.data()),
        static_cast<int>(der.size())
    );
    return ':' + std::string(text.begin(), text.end() - 1) + ':';
}

IdentityFields::IdentityFields(
    const Fields& inbound, const ClientIdentity& client, const config::Forwarded& settings
)
    : inbound_(inbound),
      client_(client),
      client_cert_(settings.client_cert),
      believes_forwarded_(client.trusted && is_forwarded_well_formed(inbound)) {
    const bool has_list = find(inbound, "X-Forwarded-For") != nullptr;
    const bool has_forwarded = believes_forwarded_ && find(inbound, "Forwarded") != nullptr;
    // A trusted peer that keeps one family only leaves the other out here too: begun in the
    // middle of the chain, it would name the peer as the client.
    x_forwarded_ = settings.x_forwarded && !(client.trusted && has_forwarded && !has_list);
    forwarded_ = settings.forwarded && !(client.trusted && has_list && !has_forwarded);
}

bool IdentityFields::replaces(std::string_view name) const {
    if (resembles(certificate_fields, name)) {
        return true;
    }
    if (!client_.trusted) {
        return is_identity(name);
    }
    if (is_identity(name) && !is_plainly_spelled(name)) {
        return true;  // a client's, which the peer did not know for one of its own
    }
    return (x_forwarded_ && looks_like(name, "X-Forwarded-For")) ||
           ((forwarded_ || !believes_forwarded_) && looks_like(name, "Forwarded"));
}

void IdentityFields::write(FieldOutput& out, const std::string& host) const {
    static const Fields none;
    const Fields& believed = client_.trusted ? inbound_ : none;
    const Fields& elements = believes_forwarded_ ? inbound_ : none;
    if (x_forwarded_) {
        write_extended(out, believed, "X-Forwarded-For", client_.address);
        write_unless(out, believed, "X-Forwarded-Proto", "https");
        write_unless(out, believed, "X-Forwarded-Host", host);
        write_unless(out, believed, "X-Forwarded-Port", client_.port);
    }
    if (forwarded_) {
        write_extended(out, elements, "Forwarded", forwarded_element(client_, host));
    }
    if (client_cert_ && !client_.certificate.empty()) {
        out.add("Client-Cert", client_.certificate);
    }
}

}  // namespace hsmfront::http
