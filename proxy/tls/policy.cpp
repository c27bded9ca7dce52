#include "proxy/tls/policy.hpp"

#include <openssl/err.h>

#include <algorithm>

namespace hsmfront::tls {
namespace {

bool is_pss(std::string_view algorithm) {
    return algorithm.starts_with("rsa_pss_") || algorithm.starts_with("RSA-PSS+") ||
           algorithm.starts_with("PSS+");
}

bool is_pkcs1(std::string_view algorithm) {
    return algorithm.starts_with("rsa_pkcs1_") || algorithm.starts_with("RSA+");
}

bool fits(std::string_view algorithm, std::string_view type, bool tls1_3) {
    if (type == "RSA") {
        return (is_pss(algorithm) && !algorithm.starts_with("rsa_pss_pss_")) ||
               (is_pkcs1(algorithm) && !tls1_3);
    }
    if (type == "RSA-PSS") {
        return is_pss(algorithm) && !algorithm.starts_with("rsa_pss_rsae_");
    }
    if (type == "EC") {
        return algorithm.starts_with("ecdsa_") || algorithm.starts_with("ECDSA+");
    }
    return algorithm == (type == "ED25519" ? "ed25519" : "ed448");
}

void append(std::string& list, std::string_view element) {
    list += list.empty() ? "" : ":";
    list += element;
}

}  // namespace

std::vector<std::string> elements(std::string_view list, std::string_view separators) {
    std::vector<std::string> all;
    while (!list.empty()) {
        const auto end = std::min(list.find_first_of(separators), list.size());
        if (end != 0) {
            all.emplace_back(list.substr(0, end));
        }
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    return all;
}

std::string available_groups(SSL_CTX* ctx, std::string_view groups) {
    std::string kept;
    for (const std::string& group : elements(groups, ":")) {
        if (SSL_CTX_set1_groups_list(ctx, group.c_str()) == 1) {
            append(kept, group);
        }
    }
    ERR_clear_error();
    return kept;
}

bool can_sign(std::string_view algorithms, std::string_view type, bool tls1_3) {
    const auto all = elements(algorithms, ":");
    return std::any_of(all.begin(), all.end(), [&](const std::string& one) {
        return fits(one, type, tls1_3);
    });
}

std::string without_rsa(std::string_view algorithms, bool no_pss, bool no_pkcs1) {
    std::string kept;
    for (const std::string& one : elements(algorithms, ":")) {
        if (!(is_pss(one) && no_pss) && !(is_pkcs1(one) && no_pkcs1)) {
            append(kept, one);
        }
    }
    return kept;
}

}  // namespace hsmfront::tls
