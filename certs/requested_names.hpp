// The names of a certificate request as they are typed: the subject and the alternative names.
#pragma once

#include "certs/chain.hpp"

#include <string>
#include <utility>
#include <vector>

namespace hsmfront::certs {

/// One RDN after the other as they stand in the certificate; each attribute as {"CN", "value"}.
using Rdn = std::vector<std::pair<std::string, std::string>>;
using Subject = std::vector<Rdn>;

/// "/C=DE/O=Example/CN=ftp.example.com" (OpenSSL's way, in the order of the certificate) or
/// "CN=ftp.example.com,O=Example,C=DE" (RFC 4514, which begins at the end). A backslash makes the
/// next character, or two hexadecimal digits, ordinary; '+' joins attributes. Errc: file_malformed.
[[nodiscard]] Loaded<Subject> parse_subject(const std::string& text);

/// "DNS:ftp.example.com,IP:192.0.2.1,email:root@example.com,URI:…": the entries one by one, checked
/// as far as their form goes, none twice. Errc: file_malformed.
[[nodiscard]] Loaded<std::vector<std::string>> parse_names(const std::string& text);

/// The entry of the last CN if that is a host name or an address; otherwise empty.
[[nodiscard]] std::string name_from(const Subject& subject);

}  // namespace hsmfront::certs
