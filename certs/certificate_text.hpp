// Certificates in words: names, validity, fingerprints.
#pragma once

#include "certs/handle.hpp"

#include <ctime>
#include <string>
#include <vector>

namespace hsmfront::certs {

/// "CN = ftp.example.com, O = Example", in the order of the certificate.
[[nodiscard]] std::string name_text(const X509_NAME* name);
[[nodiscard]] std::string subject_text(const X509* certificate);
[[nodiscard]] std::string issuer_text(const X509* certificate);

/// subjectAltName: "DNS:ftp.example.com", "IP:192.0.2.1", …; other kinds as OpenSSL prints them.
[[nodiscard]] std::vector<std::string> names_of(const X509* certificate);

[[nodiscard]] std::string serial_text(const X509* certificate);
/// "12:AB:…" of the DER encoding's SHA-256.
[[nodiscard]] std::string fingerprint(const X509* certificate);
/// "2026-11-23 22:13:07 UTC".
[[nodiscard]] std::string time_text(const ASN1_TIME* time);

/// Whole days from `now` to the end of validity, rounded down; negative once it has expired.
[[nodiscard]] int days_left(const X509* certificate, std::time_t now);
[[nodiscard]] bool not_yet_valid(const X509* certificate, std::time_t now);

/// Hexadecimal, two digits a byte, with `separator` between bytes unless it is 0.
[[nodiscard]] std::string hex(const unsigned char* bytes, std::size_t size, char separator = 0);

}  // namespace hsmfront::certs
