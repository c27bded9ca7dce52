#include "proxy/ftp/verbs.hpp"

#include <algorithm>
#include <array>

namespace hsmfront::ftp {
namespace {

/// Sorted by name.
constexpr auto verbs = std::to_array<Verb>({
    {.name = "", .role = Role::invalid, .before_tls = true},
    {.name = "ABOR", .role = Role::abort},
    {.name = "ACCT", .role = Role::login, .secret = true},
    {.name = "ADAT", .role = Role::refused, .before_tls = true, .secret = true},
    {.name = "APPE", .role = Role::upload},
    {.name = "AUTH", .role = Role::auth, .before_tls = true, .switches_protection = true},
    {.name = "CCC", .role = Role::ccc, .before_tls = true, .switches_protection = true},
    {.name = "CONF", .role = Role::refused},
    {.name = "CONNECT", .role = Role::http},
    {.name = "CPSV", .role = Role::refused},
    {.name = "DELETE", .role = Role::http},
    {.name = "ENC", .role = Role::refused},
    {.name = "EPRT", .role = Role::extended_port},
    {.name = "EPSV", .role = Role::extended_passive},
    {.name = "FEAT", .role = Role::feat, .before_tls = true},
    {.name = "GET", .role = Role::http},
    {.name = "HEAD", .role = Role::http},
    {.name = "HOST", .role = Role::host, .before_tls = true},
    {.name = "LIST", .role = Role::download},
    {.name = "LPRT", .role = Role::refused},
    {.name = "LPSV", .role = Role::refused},
    {.name = "MIC", .role = Role::refused},
    {.name = "MLSD", .role = Role::download},
    {.name = "NLST", .role = Role::download},
    {.name = "NOOP", .role = Role::noop, .before_tls = true},
    {.name = "OPTIONS", .role = Role::http},
    {.name = "PASS", .role = Role::login, .secret = true},
    {.name = "PASV", .role = Role::passive},
    {.name = "PATCH", .role = Role::http},
    {.name = "PBSZ", .role = Role::pbsz, .before_tls = true},
    {.name = "PORT", .role = Role::port},
    {.name = "POST", .role = Role::http},
    {.name = "PRI", .role = Role::http},
    {.name = "PROT", .role = Role::prot, .before_tls = true},
    {.name = "PUT", .role = Role::http},
    {.name = "QUIT", .role = Role::quit, .before_tls = true},
    {.name = "REIN", .role = Role::rein, .switches_protection = true},
    {.name = "REST", .role = Role::restart},
    {.name = "RETR", .role = Role::download},
    {.name = "SSCN", .role = Role::refused},
    {.name = "STOR", .role = Role::upload},
    {.name = "STOU", .role = Role::upload},
    {.name = "TRACE", .role = Role::http},
    {.name = "USER", .role = Role::login},
});
static_assert(std::ranges::is_sorted(verbs, {}, &Verb::name));

constexpr Verb forwarded{};

}  // namespace

const Verb& find_verb(std::string_view name) {
    const auto* const found = std::ranges::lower_bound(verbs, name, {}, &Verb::name);
    return found != verbs.end() && found->name == name ? *found : forwarded;
}

}  // namespace hsmfront::ftp
