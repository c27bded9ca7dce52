// The command cert request.
#include "certs/certificate_file.hpp"
#include "certs/certificate_request.hpp"
#include "proxy/commands/configuration.hpp"
#include "proxy/commands/handlers.hpp"
#include "proxy/commands/token_access.hpp"
#include "proxy/runtime/exit_code.hpp"

#include <iostream>

namespace hsmfront::commands {
namespace {

using certs::Loaded;

/// Subject and names as typed; names default to the subject's.
Loaded<certs::RequestContent> read_content(const Arguments& arguments) {
    certs::RequestContent content;
    auto subject = certs::parse_subject(arguments.value("--subject").value_or(""));
    if (!subject) {
        return subject.error();
    }
    content.subject = std::move(*subject);
    for (const std::string& list : arguments.values("--san")) {
        auto names = certs::parse_names(list);
        if (!names) {
            return names.error();
        }
        content.names.insert(content.names.end(), names->begin(), names->end());
    }
    if (!arguments.has("--san")) {
        const std::string name = certs::name_from(content.subject);
        if (name.empty()) {
            warn("no --san, and CN is no host name: the request names no server");
        } else {
            content.names.push_back(name);
        }
    }
    return content;
}

Loaded<std::string> request(
    const config::Hsm& settings, const std::string& alias, certs::RequestContent& content
) {
    const auto token = open_token(settings);
    if (!token) {
        return token.error();
    }
    const auto key = token->find_key(alias);
    if (!key) {
        return key.error();
    }
    content.key = (*key)->public_key.get();
    content.type = (*key)->plan.type;
    return certs::make_request(content, [&](const certs::SignRequest& wanted) {
        return token->sign(**key, wanted);
    });
}

}  // namespace

int cert_request(const Arguments& arguments) {
    prepare_process();
    auto content = read_content(arguments);
    if (!content) {
        fail(content.error());
        return runtime::exit_usage;
    }
    const auto settings = load_for_keys(arguments);
    if (!settings) {
        return runtime::exit_usage;
    }
    const auto pem = request(settings->hsm, arguments.operands().front(), *content);
    if (!pem) {
        return fail(pem.error());
    }
    const auto out = arguments.value("--out");
    if (!out) {
        std::cout << *pem << std::flush;
        return std::cout ? runtime::exit_done : fail("cannot write to standard output");
    }
    if (auto written = certs::replace_file(*out, *pem); !written) {
        return fail(written.error());
    }
    std::cerr << "request written: " << *out << '\n';
    return runtime::exit_done;
}

}  // namespace hsmfront::commands
