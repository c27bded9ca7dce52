// FTPS with other clients than curl, and what must not pass: lftp, Python's ftplib, openssl.
#include "tests/harness/stage.hpp"

#include <gmock/gmock.h>

namespace hsmfront::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class Ftps : public Stage {
  protected:
    Ftps() { config.http.enabled = false; }

    [[nodiscard]] Outcome python(
        const std::string& action, const std::vector<std::string>& arguments = {}
    ) const {
        return ftplib(action, "localhost", config.ftp.explicit_port, arguments);
    }

    [[nodiscard]] Outcome lftp(const std::string& commands) const {
        const std::string settings =
            "set cmd:fail-exit yes; set net:max-retries 1; set ssl:ca-file " +
            Material::get().ca().string() + "; set ftp:ssl-force yes; ";
        return run(
            {"lftp", "-u", "ftp,secret", "-e", settings + commands + "; bye", ftp("")},
            120s,
            {{"HOME", scratch().string()}}
        );
    }

    /// Sends all commands at once through `openssl s_client`, and returns the replies.
    [[nodiscard]] Outcome pipelined(const std::string& commands) const {
        return run(
            {"sh",
             "-c",
             "printf '" + commands + "' | openssl s_client -quiet -verify_return_error -CAfile " +
                 Material::get().ca().string() +
                 " -starttls ftp -connect localhost:" + std::to_string(config.ftp.explicit_port)}
        );
    }
};

void make_small_files(const std::filesystem::path& directory, int count) {
    std::filesystem::create_directories(directory);
    for (int i = 0; i < count; ++i) {
        const auto size = static_cast<std::size_t>(1 + i * 37 % 5000);
        write_random(directory / ("file" + std::to_string(i)), size);
    }
}

std::size_t equal_files(const std::filesystem::path& left, const std::filesystem::path& right) {
    std::size_t equal = 0;
    for (const auto& entry : std::filesystem::directory_iterator(left)) {
        equal += sha256(entry.path()) == sha256(right / entry.path().filename()) ? 1 : 0;
    }
    return equal;
}

TEST_F(Ftps, LftpMirrorsFiveHundredSmallFilesBothWays) {
    start();
    const auto local = scratch() / "local";
    const auto back = scratch() / "back";
    make_small_files(local, 500);
    const auto up = lftp("mirror -R " + local.string() + " remote");
    ASSERT_EQ(up.code, 0) << up.error;
    EXPECT_EQ(equal_files(local, vsftpd.root() / "remote"), 500U);
    const auto down = lftp("mirror remote " + back.string());
    ASSERT_EQ(down.code, 0) << down.error;
    EXPECT_EQ(equal_files(local, back), 500U);
}

TEST_F(Ftps, LftpMirrorsWithParallelConnections) {
    start();
    const auto local = scratch() / "local";
    make_small_files(local, 60);
    const auto up = lftp("mirror -R -P 6 " + local.string() + " remote");
    ASSERT_EQ(up.code, 0) << up.error;
    EXPECT_EQ(equal_files(local, vsftpd.root() / "remote"), 60U);
}

TEST_F(Ftps, PythonFtplibUploadsListsAndDownloads) {
    start();
    const auto file = sample(1'000'000);
    const auto session = python("session", {file.string()});
    ASSERT_EQ(session.code, 0) << session.error;
    EXPECT_EQ(session.out, sha256(file) + "\n");
}

TEST_F(Ftps, OpensslSpeaksStarttls) {
    start();
    const auto client = pipelined("QUIT\\r\\n");
    EXPECT_THAT(client.error, HasSubstr("CN = localhost"));
    EXPECT_THAT(client.out, HasSubstr("221")) << client.error;
}

TEST_F(Ftps, RepliesToPipelinedCommandsKeepTheirOrder) {
    start();
    const auto client =
        pipelined("USER ftp\\r\\nPASS secret\\r\\nPBSZ 0\\r\\nPWD\\r\\nPROT P\\r\\nQUIT\\r\\n");
    std::string codes;
    std::istringstream lines(client.out);
    for (std::string line; std::getline(lines, line);) {
        codes += line.substr(0, 3) + " ";
    }
    EXPECT_THAT(codes, HasSubstr("331 230 200 257 200 221 ")) << client.error;
}

TEST_F(Ftps, FeaturesNameTlsOnce) {
    start();
    const auto client = pipelined("USER ftp\\r\\nPASS secret\\r\\nFEAT\\r\\nQUIT\\r\\n");
    for (const char* line : {"\n AUTH TLS", "\n PBSZ\r", "\n PROT\r"}) {
        const auto first = client.out.find(line);
        EXPECT_NE(first, std::string::npos) << line << " is missing in " << client.out;
        EXPECT_EQ(client.out.find(line, first + 1), std::string::npos) << client.out;
    }
    EXPECT_THAT(client.out, HasSubstr("\n TVFS\r")) << "the backend's own features are gone";
}

TEST_F(Ftps, TruncatedUploadIsNotConfirmed) {
    start();
    const auto file = sample(300'000);
    const auto client = python("truncate", {file.string()});
    ASSERT_EQ(client.code, 0) << client.error;
    EXPECT_THAT(client.out, StartsWith("426"));
    EXPECT_THAT(client.out, HasSubstr("200")) << "the control connection does not go on";
    EXPECT_THAT(vsftpd.log(), Not(HasSubstr("OK UPLOAD"))) << "the backend took it as complete";
}

TEST_F(Ftps, LoginInClearIsRefusedHere) {
    start();
    const auto client = python("clear");
    ASSERT_EQ(client.code, 0) << client.error;
    EXPECT_THAT(client.out, StartsWith("5"));
    EXPECT_THAT(vsftpd.log(), Not(HasSubstr("USER"))) << "the backend has seen it";
}

TEST_F(Ftps, CommandInClearBehindAuthIsNotAnswered) {
    start();
    const auto client = python("inject");
    ASSERT_EQ(client.code, 0) << client.error;
    EXPECT_EQ(client.out, "answers: []\n");
}

TEST_F(Ftps, PasswordsAreNotLogged) {
    config.extra = "log: { level: trace }\n";
    start();
    const auto client = pipelined("USER ftp\\r\\nPASS geheim99\\r\\nQUIT\\r\\n");
    EXPECT_THAT(client.out, HasSubstr("230"));
    EXPECT_THAT(front->log(), Not(HasSubstr("geheim99")));
}

TEST_F(Ftps, BackendThatIsDownIsToldWith421) {
    config.ftp.backend_port = ports.next();
    start();
    const auto client = pipelined("USER ftp\\r\\n");
    EXPECT_THAT(client.out, HasSubstr("421"));
}

}  // namespace
}  // namespace hsmfront::test
