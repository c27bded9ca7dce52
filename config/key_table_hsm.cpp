// KeyTable: hsm, certificates and what else stands before the protocols.
#include "config/key_table.hpp"
#include "config/problem.hpp"

namespace hsmfront::config {
namespace {

Parsed<std::size_t> parse_workers(const std::string& text) {
    if (text == "auto") {
        return std::size_t{0};
    }
    if (const auto number = parse_number(text, 1, 1024)) {
        return static_cast<std::size_t>(*number);
    }
    return "expected auto or a whole number, 1–1024, found " + in_quotes(text);
}

std::vector<Key> token_keys() {
    return {
        example(text("hsm.module", [](Settings& s) { return &s.hsm.module; })),
        example(text("hsm.token", [](Settings& s) { return &s.hsm.token; })),
        example(text("hsm.pin.file", [](Settings& s) { return &s.hsm.pin.file; })),
        example(text("hsm.pin.env", [](Settings& s) { return &s.hsm.pin.env; })),
        example(text("hsm.pin.credential", [](Settings& s) { return &s.hsm.pin.credential; })),
        example(secret(text("hsm.pin.value", [](Settings& s) { return &s.hsm.pin.value; }))),
        timeout("hsm.pin_timeout", [](Settings& s) { return &s.hsm.pin_timeout; }),
        count(
            "hsm.signers", [](Settings& s) { return &s.hsm.signers; }, 1, 256
        ),
        timeout("hsm.sign_timeout", [](Settings& s) { return &s.hsm.sign_timeout; }),
        count(
            "hsm.queue_limit", [](Settings& s) { return &s.hsm.queue_limit; }, 1, 1'000'000
        ),
        example(text("certificates", [](Settings& s) { return &s.certificates; })),
    };
}

Key failover() {
    Key key = list("hsm.failover", [](Settings& s) { return &s.hsm.failover; });
    key.expected = "a list of { token, module, pin }";
    return key;
}

std::vector<Key> failover_keys() {
    return {
        example(failover()),
        example(
            text("hsm.failover[].token", [](Settings& s) { return &s.hsm.failover.back().token; })
        ),
        example(
            text("hsm.failover[].module", [](Settings& s) { return &s.hsm.failover.back().module; })
        ),
        example(text(
            "hsm.failover[].pin.file", [](Settings& s) { return &s.hsm.failover.back().pin.file; }
        )),
        example(text(
            "hsm.failover[].pin.env", [](Settings& s) { return &s.hsm.failover.back().pin.env; }
        )),
        example(text(
            "hsm.failover[].pin.credential",
            [](Settings& s) { return &s.hsm.failover.back().pin.credential; }
        )),
        example(secret(text(
            "hsm.failover[].pin.value", [](Settings& s) { return &s.hsm.failover.back().pin.value; }
        ))),
    };
}

std::vector<Key> process_keys() {
    return {
        detail::scalar(
            "workers",
            "auto or a whole number",
            [](Settings& s) { return &s.workers; },
            parse_workers
        ),
        example(text("user", [](Settings& s) { return &s.user; })),
    };
}

}  // namespace

std::vector<Key> hsm_keys() {
    std::vector<Key> all;
    for (auto* part : {token_keys, failover_keys, process_keys}) {
        append(all, part());
    }
    return all;
}

}  // namespace hsmfront::config
