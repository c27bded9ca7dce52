#include "certs/requested_names.hpp"

#include "certs/errc.hpp"

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <strings.h>

namespace hsmfront::certs {
namespace {

using OctetStringPtr = std::unique_ptr<ASN1_OCTET_STRING, Deleter<ASN1_OCTET_STRING_free>>;

Failure malformed(const std::string& what, const std::string& why) {
    return Failure{Errc::file_malformed, what + ": " + why};
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(' ');
    const auto last = text.find_last_not_of(' ');
    return first == std::string_view::npos ? std::string_view()
                                           : text.substr(first, last - first + 1);
}

/// The attribute's name as OpenSSL knows it, in whatever case it is typed; empty if unknown.
std::string attribute_name(std::string name) {
    if (OBJ_txt2nid(name.c_str()) != NID_undef) {
        return name;
    }
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
        return static_cast<char>(std::toupper(c));
    });
    ERR_clear_error();
    return OBJ_txt2nid(name.c_str()) != NID_undef ? name : "";
}

class SubjectParser {
  public:
    explicit SubjectParser(std::string_view text)
        : whole_(text), rest_(text), separator_(text.starts_with('/') ? '/' : ',') {
        if (separator_ == '/') {
            rest_.remove_prefix(1);
        }
    }

    Loaded<Subject> parse() {
        Subject subject;
        char before = separator_;
        do {
            auto attribute = read_attribute();
            if (!attribute) {
                return attribute.error();
            }
            if (before == separator_) {
                subject.emplace_back();
            }
            subject.back().push_back(std::move(*attribute));
            before = end_;
        } while (end_ != 0);
        if (separator_ == ',') {
            std::reverse(subject.begin(), subject.end());
        }
        return subject;
    }

  private:
    [[nodiscard]] Failure failed(const std::string& why) const {
        return malformed("subject '" + std::string(whole_) + "'", why);
    }

    Loaded<Rdn::value_type> read_attribute() {
        const auto equals = rest_.find('=');
        const auto end = rest_.find_first_of(std::string{separator_, '+'});
        const std::string typed(trimmed(rest_.substr(0, std::min(equals, end))));
        if (equals >= end) {
            return failed(
                "'" + typed + "' has no value; write CN=…, and a backslash before a '" +
                separator_ + "' that belongs to a value"
            );
        }
        const std::string name = attribute_name(typed);
        if (name.empty()) {
            return failed("'" + typed + "' is no attribute; known are CN, O, OU, L, ST, C, …");
        }
        rest_.remove_prefix(equals + 1);
        std::string value = read_value();
        if (value.empty()) {
            return failed(name + " is empty");
        }
        return Rdn::value_type(name, std::move(value));
    }

    /// Up to the next separator, which goes to end_; 0 there for the end of the text.
    std::string read_value() {
        std::string value;
        std::size_t kept = 0;  // blanks behind this are trimmed
        end_ = 0;
        while (!rest_.empty() && end_ == 0) {
            const char c = rest_.front();
            rest_.remove_prefix(1);
            if (c == separator_ || c == '+') {
                end_ = c;
            } else if (c == '\\' && !rest_.empty()) {
                value += unescape();
                kept = value.size();
            } else if (c != ' ' || !value.empty()) {
                value += c;
                kept = c == ' ' ? kept : value.size();
            }
        }
        value.resize(kept);
        return value;
    }

    char unescape() {
        const auto digit = [](char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; };
        if (rest_.size() >= 2 && digit(rest_[0]) && digit(rest_[1])) {
            const int code = std::stoi(std::string(rest_.substr(0, 2)), nullptr, 16);
            rest_.remove_prefix(2);
            return static_cast<char>(code);
        }
        const char c = rest_.front();
        rest_.remove_prefix(1);
        return c;
    }

    std::string_view whole_;
    std::string_view rest_;
    char separator_;
    char end_ = 0;
};

bool is_label(std::string_view label) {
    constexpr std::size_t longest_label = 63;
    return !label.empty() && label.size() <= longest_label && label.front() != '-' &&
           label.back() != '-' && std::all_of(label.begin(), label.end(), [](unsigned char c) {
               return std::isalnum(c) != 0 || c == '-' || c == '_';
           });
}

/// A host name, also with '*' for its first label (RFC 9525 §6.3).
bool is_host_name(std::string_view name) {
    constexpr std::size_t longest_name = 253;
    if (name.empty() || name.size() > longest_name) {
        return false;
    }
    if (name.starts_with("*.")) {
        name.remove_prefix(2);
    }
    for (;;) {
        const auto dot = name.find('.');
        if (!is_label(name.substr(0, dot))) {
            return false;
        }
        if (dot == std::string_view::npos) {
            return true;
        }
        name.remove_prefix(dot + 1);
    }
}

bool is_address(const std::string& text) {
    const OctetStringPtr address(a2i_IPADDRESS(text.c_str()));
    ERR_clear_error();
    return address != nullptr;
}

bool is_printable(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return c > 0x20 && c < 0x7f;
    });
}

struct Kind {
    std::string_view prefix;
    bool (*valid)(const std::string& value);
    const char* expected;
};

constexpr std::array kinds{
    Kind{
        "DNS:",
        [](const std::string& value) { return is_host_name(value); },
        "a host name (in ASCII: xn--… for others)"},
    Kind{"IP:", is_address, "an IPv4 or IPv6 address"},
    Kind{
        "email:",
        [](const std::string& value) {
            const auto at = value.find('@');
            return at != 0 && at != std::string::npos && at + 1 < value.size() &&
                   is_printable(value);
        },
        "a mail address"},
    Kind{
        "URI:",
        [](const std::string& value) {
            return value.find(':') != std::string::npos && is_printable(value);
        },
        "a URI"},
};

Loaded<std::string> parse_name(const std::string& entry) {
    for (const Kind& kind : kinds) {
        if (::strncasecmp(entry.c_str(), kind.prefix.data(), kind.prefix.size()) == 0) {
            const std::string value = entry.substr(kind.prefix.size());
            if (!kind.valid(value)) {
                return malformed("--san " + entry, std::string("expected ") + kind.expected);
            }
            return std::string(kind.prefix) + value;
        }
    }
    return malformed("--san " + entry, "begins with none of DNS:, IP:, email:, URI:");
}

}  // namespace

Loaded<Subject> parse_subject(const std::string& text) { return SubjectParser(text).parse(); }

Loaded<std::vector<std::string>> parse_names(const std::string& text) {
    std::vector<std::string> names;
    for (std::size_t start = 0; start <= text.size();) {
        const auto end = std::min(text.find(',', start), text.size());
        auto name =
            parse_name(std::string(trimmed(std::string_view(text).substr(start, end - start))));
        if (!name) {
            return name.error();
        }
        if (std::find(names.begin(), names.end(), *name) == names.end()) {
            names.push_back(std::move(*name));
        }
        start = end + 1;
    }
    return names;
}

std::string name_from(const Subject& subject) {
    std::string name;
    for (const Rdn& rdn : subject) {
        for (const auto& [type, value] : rdn) {
            if (OBJ_txt2nid(type.c_str()) == NID_commonName) {
                name = value;
            }
        }
    }
    if (is_address(name)) {
        return "IP:" + name;
    }
    return is_host_name(name) ? "DNS:" + name : "";
}

}  // namespace hsmfront::certs
