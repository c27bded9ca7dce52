// Stage: what an integration test stands on: backends, a token, a configuration, the proxy.
#include "tests/harness/stage.hpp"

#include <iostream>

namespace hsmfront::test {
namespace {

std::string url(
    const std::string& scheme, const std::string& host, std::uint16_t port, const std::string& path
) {
    return scheme + "://" + host + ":" + std::to_string(port) + path;
}

std::vector<std::string> curl_words(std::vector<std::string> arguments) {
    std::vector<std::string> argv = {
        "curl",
        "--silent",
        "--show-error",
        "--globoff",
        "--cacert",
        Material::get().ca().string(),
        "--ssl-reqd",
        "--user",
        "ftp:secret"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return argv;
}

}  // namespace

Stage::Stage()
    : token(scratch() / "token"),
      vsftpd(scratch() / "vsftpd", ports),
      nginx(scratch() / "nginx", ports) {
    config.hsm.module = Token::module;
    config.hsm.token = Token::label;
    config.hsm.pin = std::string("{ value: \"") + Token::pin + "\" }";
    config.certificates = Material::get().certificates();
    config.ftp.backend_port = vsftpd.port();
    config.http.backend_port = nginx.port();
    config.env = token.environment();
}

void Stage::TearDown() {
    FrontStage::TearDown();
    if (HasFailure()) {
        std::cout << "--- vsftpd\n" << vsftpd.log() << "--- nginx\n" << nginx.log() << std::flush;
    }
}

std::string Stage::https(const std::string& path, const std::string& host) const {
    return url("https", host, config.http.port, path);
}

std::string Stage::ftp(const std::string& path, const std::string& host) const {
    return url("ftp", host, config.ftp.explicit_port, path);
}

std::string Stage::ftps(const std::string& path, const std::string& host) const {
    return url("ftps", host, config.ftp.implicit_port, path);
}

Outcome Stage::curl(std::vector<std::string> arguments, milliseconds limit) const {
    return run(
        curl_words(std::move(arguments)),
        limit,
        {{"CURL_HOME", scratch().string()}, {"HOME", scratch().string()}}
    );
}

std::unique_ptr<Process> Stage::slow_curl(
    const std::string& rate, std::vector<std::string> arguments
) const {
    arguments.insert(arguments.begin(), {"--limit-rate", rate});
    Command command;
    command.argv = curl_words(std::move(arguments));
    command.output = scratch() / "curl.log";
    return std::make_unique<Process>(command);
}

Outcome Stage::ftplib(
    const std::string& action,
    const std::string& host,
    std::uint16_t port,
    const std::vector<std::string>& arguments,
    milliseconds limit
) const {
    std::vector<std::string> argv = {
        "python3",
        HSMFRONT_SOURCE_DIR "/tests/tools/ftps.py",
        action,
        host,
        std::to_string(port),
        Material::get().ca().string()};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return run(argv, limit);
}

std::filesystem::path Stage::sample(std::size_t size) const {
    static int count = 0;
    auto path = scratch() / ("sample" + std::to_string(++count));
    write_random(path, size);
    return path;
}

}  // namespace hsmfront::test
