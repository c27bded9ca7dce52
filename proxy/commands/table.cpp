#include "proxy/commands/table.hpp"

#include "proxy/commands/handlers.hpp"
#include "proxy/runtime/exit_code.hpp"

#include <iostream>

namespace hsmfront::commands {
namespace {

using Count = Operand::Count;

constexpr Option config_option{
    "--config", "FILE", "configuration file (default: /etc/hsmfront/hsmfront.yaml)", 'c'};
constexpr Option set_option{
    "--set",
    "KEY=VALUE",
    "override a key of the file, for example --set ftp.hsm.enabled=false;\n"
    "names are case-insensitive; may be given more than once",
    0,
    true};
constexpr Option token_option{
    "--token", "LABEL", "another token than hsm.token: a label or a pkcs11: URI"};

/// The options that every command with a configuration takes, after its own.
std::vector<Option> with_config(std::vector<Option> own) {
    own.push_back(config_option);
    own.push_back(set_option);
    return own;
}

Command serve_command() {
    return {
        "serve",
        "run the proxy",
        "Runs the proxy in the foreground, logging to stderr or to log.file.\n\n"
        "Signals: SIGTERM or SIGINT stops accepting and ends when all sessions have ended, at the\n"
        "latest after shutdown.drain; a second one ends at once. SIGHUP reloads, SIGUSR1 opens "
        "the\n"
        "log file again, SIGUSR2 has a new process take over (see \"upgrade\").\n"
        "\n"
        "Exit codes: 0 stopped by a signal, 1 no protocol could start, 2 wrong usage or\n"
        "configuration.\n",
        {},
        with_config({}),
        serve};
}

Command check_command() {
    return {
        "check",
        "report every error of the configuration file, its certificates and ports",
        "Reads the configuration as \"serve\" would and reports all that is wrong with it, with "
        "the\n"
        "certificates and with the ports. Does not touch the HSM and needs no PIN.\n\n"
        "Exit codes: 0 nothing wrong, 2 something is.\n",
        {},
        with_config({}),
        check};
}

Command doctor_command() {
    return {
        "doctor",
        "try out HSM, PIN and keys step by step; say what is wrong and what to do",
        "Goes through what \"serve\" needs of the HSM: module, token, PIN, sessions, mechanisms, "
        "and\n"
        "for each alias the key, its certificate, a test signature and how long it takes. With\n"
        "--load, signs as fast as hsm.signers sessions can, to tell how many full TLS handshakes\n"
        "per second the HSM allows. The PIN is sent once; where one more wrong one would lock the\n"
        "token, it is not sent without --force.\n\n"
        "Exit codes: 0 nothing failed, 1 something did, 2 wrong usage or configuration.\n",
        {},
        with_config(
            {{"--load",
              "DURATION",
              "measure signatures per second for so long, e.g. 5s, per alias"},
             {"--force", "", "log in even if one more wrong PIN would lock the token"}}
        ),
        doctor};
}

Command reload_command() {
    return {
        "reload",
        "have the running service read its configuration, certificates and keys again",
        "Asks the service on admin.socket to read its configuration again, to start the HSM's "
        "module\n"
        "afresh, by which new keys are seen, and to prove every key by a signature. If anything "
        "is\n"
        "wrong nothing is changed. Connections keep what they began with. SIGHUP does the same.\n\n"
        "Exit codes: 0 reloaded, 1 nothing was changed, or no service answers.\n",
        {},
        with_config({}),
        reload};
}

Command upgrade_command() {
    return {
        "upgrade",
        "have a new process, of a new version, take the place of the running service",
        "Asks the service on admin.socket to start its program once more, with its command line, "
        "and\n"
        "to hand its ports over. The new process reads the configuration, opens the HSM and "
        "proves\n"
        "its keys; when it serves, the old one stops accepting and ends with its last connection, "
        "at\n"
        "the latest after shutdown.retire. No connection is refused or cut. If the new one does "
        "not\n"
        "come up the old one goes on. SIGUSR2 does the same.\n\n"
        "Exit codes: 0 upgraded, 1 nothing was changed, or no service answers.\n",
        {},
        with_config({}),
        upgrade};
}

Command status_command() {
    return {
        "status",
        "show what the running service does",
        "Asks the service on admin.socket for its protocols, certificates, HSM and connections.\n\n"
        "Exit codes: 0 ready for clients, 1 not ready, or no service answers.\n",
        {},
        with_config(
            {{"--sessions", "", "print the sessions that are open: client, user, transfer, bytes"},
             {"--metrics", "", "print all counters, in the text format of Prometheus"},
             {"--watch", "", "show it again every 2 s, until interrupted"}}
        ),
        status};
}

Command healthcheck_command() {
    return {
        "healthcheck",
        "say in one line whether the running service is ready, for container engines",
        "Asks the service on admin.socket whether it is ready for clients, as \"status\" does, "
        "and\n"
        "prints the answer.\n\n"
        "Exit codes: 0 ready, 1 not ready, no service answers, or no admin.socket is set.\n",
        {},
        with_config({}),
        healthcheck};
}

Command pin_command() {
    return {
        "pin",
        "type the PIN of the HSM into the running service",
        "Asks for the PIN at the terminal, or reads it from standard input, and hands it to the\n"
        "service on admin.socket: for protocols that wait for it, or after the token refused one.\n"
        "\n"
        "Exit codes: 0 accepted, 1 refused or not wanted, or no service answers.\n",
        {},
        with_config({}),
        pin};
}

Command key_generate_command() {
    return {
        "key generate",
        "make a key pair in the token",
        "Makes a key pair in the token under the label ALIAS. The private key signs and does\n"
        "nothing else, is sensitive and cannot be extracted; a test signature proves it. Refuses "
        "an\n"
        "alias that is in use. RSA keys can take the token minutes.\n",
        {{"ALIAS"}},
        with_config(
            {{"--type",
              "TYPE",
              "rsa:2048, rsa:3072 (default), rsa:4096, ec:P-256, ec:P-384 or ed25519"},
             token_option}
        ),
        key_generate};
}

Command key_list_command() {
    return {
        "key list",
        "list the keys in the token with their certificates",
        "Lists the private keys in the token: alias, type, protection, the certificate under the\n"
        "alias (from the folder of certificates, else from the token) and whether it is the "
        "key's.\n",
        {},
        with_config({token_option}),
        key_list};
}

Command key_delete_command() {
    return {
        "key delete",
        "delete a key pair from the token",
        "Deletes the private and the public key of ALIAS from the token, after a question at the\n"
        "terminal. There is no way back.\n",
        {{"ALIAS"}},
        with_config(
            {{"--yes", "", "do not ask"},
             {"--certificate", "", "delete the certificates under ALIAS in the token as well"},
             token_option}
        ),
        key_delete};
}

Command cert_request_command() {
    return {
        "cert request",
        "make a certificate request, signed in the token",
        "Prints a certificate request (PKCS#10, PEM) for the key ALIAS, signed by it in the "
        "token.\n"
        "\n"
        "The subject is written as /C=DE/O=Example/CN=ftp.example.com, in the order of the\n"
        "certificate, or as CN=ftp.example.com,O=Example,C=DE (RFC 4514), which begins at the "
        "end.\n"
        "Without --san, a host name or address in CN becomes the alternative name.\n",
        {{"ALIAS"}},
        with_config(
            {{"--subject", "SUBJECT", "whom the certificate is for", 0, false, true},
             {"--san",
              "LIST",
              "alternative names: DNS:ftp.example.com,IP:192.0.2.1,email:…,URI:…;\n"
              "may be given more than once",
              0,
              true},
             {"--out", "FILE", "write there instead of to standard output"},
             token_option}
        ),
        cert_request};
}

Command cert_import_command() {
    return {
        "cert import",
        "import a certificate with its chain: verified, ordered, completed",
        "Takes the certificate of the key ALIAS and its issuers from FILEs (PEM, DER or PKCS#7, "
        "in\n"
        "any order), verifies them, writes the chain to <certificates>/ALIAS.pem and stores it in\n"
        "the token. Refuses a certificate of another key. A protocol with hsm.enabled: false has\n"
        "its key in <certificates>/ALIAS.key; then the token is left alone.\n",
        {{"ALIAS"}, {"FILE", Count::one_or_more}},
        with_config(
            {{"--ca",
              "FILE",
              "issuers to complete the chain with; may be given more than once",
              0,
              true},
             {"--no-token", "", "write the file only"},
             token_option}
        ),
        cert_import};
}

Command cert_show_command() {
    return {
        "cert show",
        "show the certificates of an alias",
        "Shows the chain of ALIAS as it is in <certificates>/ALIAS.pem and in the token: names,\n"
        "validity, fingerprints, and whether it is the key's. Needs no PIN.\n",
        {{"ALIAS"}},
        with_config({token_option}),
        cert_show};
}

}  // namespace

std::span<const Command> all_commands() {
    static const std::vector<Command> commands{
        serve_command(),
        check_command(),
        doctor_command(),
        reload_command(),
        upgrade_command(),
        status_command(),
        healthcheck_command(),
        pin_command(),
        key_generate_command(),
        key_list_command(),
        key_delete_command(),
        cert_request_command(),
        cert_import_command(),
        cert_show_command()};
    return commands;
}

int run(std::span<const char* const> words, std::string_view version) {
    const std::string_view first = words.empty() ? "" : words.front();
    if (first == "version" || first == "--version") {
        std::cout << "hsmfront " << version << '\n';
        return runtime::exit_done;
    }
    const Request request = parse(all_commands(), words);
    if (!request.error.empty()) {
        std::cerr << "hsmfront: " << request.error
                  << (request.error.find("--help") == std::string::npos ? "; see hsmfront --help"
                                                                        : "")
                  << '\n';
        return runtime::exit_usage;
    }
    if (request.command == nullptr) {
        std::cout << request.help;
        return runtime::exit_done;
    }
    return request.command->run(request.arguments);
}

}  // namespace hsmfront::commands
