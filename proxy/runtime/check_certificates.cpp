#include "proxy/runtime/check_certificates.hpp"

#include "certs/chain_problems.hpp"
#include "certs/ocsp_exchange.hpp"
#include "certs/ocsp_response.hpp"

#include <filesystem>

namespace hsmfront::runtime {
namespace {

using config::StaplingMode;

/// Empty if the file is good.
std::string problem_of_file(
    const std::filesystem::path& file, const certs::Chain& chain, std::time_t now
) {
    X509* issuer = certs::find_issuer(chain);
    if (issuer == nullptr) {
        return "it cannot be verified without its issuer's certificate; append that to the chain";
    }
    const auto der = certs::read_ocsp_file(file);
    if (!der) {
        return der.error().message;
    }
    return certs::verify_ocsp_response(*der, chain.leaf(), issuer, now).why;
}

/// Why no responder could be asked; empty if one could.
std::string problem_of_responder(const std::string& configured, const certs::Chain& chain) {
    const std::string url = configured.empty() ? certs::ocsp_responder(chain.leaf()) : configured;
    if (url.empty()) {
        return "it names no OCSP responder; set tls.stapling.responder";
    }
    if (const auto responder = certs::parse_responder(url); !responder) {
        return responder.error().message;
    }
    return certs::find_issuer(chain) != nullptr
               ? ""
               : "OCSP needs the certificate of its issuer; append that to the chain";
}

std::vector<std::string> staple_problems(
    const config::Settings& settings,
    const std::string& alias,
    const certs::Chain& chain,
    std::time_t now
) {
    const auto& stapling = settings.tls.stapling;
    const bool required = certs::must_staple(chain.leaf());
    if (stapling.mode == StaplingMode::off) {
        return required ? std::vector<std::string>{
                              "the certificate demands stapling (must-staple) and "
                              "tls.stapling.mode is off; clients that know it refuse it"}
                        : std::vector<std::string>();
    }
    const auto file = settings.certificates / (alias + ".ocsp");
    std::error_code ec;
    if (std::filesystem::exists(file, ec)) {
        const auto problem = problem_of_file(file, chain, now);
        return problem.empty()
                   ? std::vector<std::string>()
                   : std::vector<std::string>{"OCSP response " + file.string() + ": " + problem};
    }
    if (stapling.mode == StaplingMode::fetch) {
        const auto problem = problem_of_responder(stapling.responder, chain);
        return problem.empty() ? std::vector<std::string>() : std::vector<std::string>{problem};
    }
    return required ? std::vector<std::string>{"the certificate demands stapling (must-staple) and "
                                               "there is no " +
                                               file.string() +
                                               "; put an OCSP response there, or set "
                                               "tls.stapling.mode to fetch"}
                    : std::vector<std::string>();
}

}  // namespace

std::vector<std::string> certificate_problems(
    const config::Settings& settings,
    const std::string& alias,
    const certs::Chain& chain,
    std::time_t now
) {
    auto problems = certs::find_problems(chain, now);
    const auto more = staple_problems(settings, alias, chain, now);
    problems.insert(problems.end(), more.begin(), more.end());
    for (auto& problem : problems) {
        problem.insert(0, (settings.certificates / (alias + ".pem")).string() + ": ");
    }
    return problems;
}

}  // namespace hsmfront::runtime
