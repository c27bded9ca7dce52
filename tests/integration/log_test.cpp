// The log through the real binary: levels, form, secrets, and what a reload changes of it.
#include "log_scene.hpp"
#include "tests/harness/files.hpp"
#include "tests/harness/tls_client.hpp"

#include <ctime>
#include <regex>

namespace hsmfront::test {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

class Logging : public LogScene {};

TEST_F(Logging, LevelsAreThoseOfEachComponentAndFollowAReload) {
    set_log("{ level: info, levels: { http: error, ftp: debug, tls: warn } }");
    start();
    EXPECT_EQ(curl({https("/first")}).code, 0);
    EXPECT_EQ(curl({"--user", "ftp:x", ftp("/")}).code, 0);
    ASSERT_TRUE(front->logged("debug ftp: session "));
    ASSERT_TRUE(front->logged("transfers=1"));
    EXPECT_THAT(front->log(), Not(HasSubstr(" https ")));
    set_log("{ level: info, levels: { ftp: error } }");
    EXPECT_THAT(reload(), HasSubstr("reloaded: ftp"));
    const std::size_t before = front->log().size();
    EXPECT_EQ(curl({"--user", "ftp:x", ftp("/")}).code, 0);
    EXPECT_EQ(curl({https("/second")}).code, 0);
    ASSERT_TRUE(front->logged("info  http: session "));
    EXPECT_THAT(front->log().substr(before), Not(HasSubstr(" ftps ")));
}

/// One key of each kind, all at once: nothing of the log needs a restart.
TEST_F(Logging, EverythingOfItChangesAtAReload) {
    start();
    const auto file = scratch() / "moved" / "log";
    const auto requests = scratch() / "requests";
    TlsClient kept(config.http.port);
    EXPECT_EQ(kept.get("/small"), "small");
    set_log(
        "{ level: debug, format: json, repeats: none, file: " + file.string() +
        ", access: { file: " + requests.string() + ", format: json } }"
    );
    EXPECT_THAT(reload(), HasSubstr("reloaded: ftp"));
    EXPECT_TRUE(written(file, "\"message\":\"reloaded: ftp"));
    EXPECT_THAT(front->log(), Not(HasSubstr("reloaded")));
    EXPECT_EQ(curl({https("/one")}).code, 0);
    EXPECT_TRUE(written(requests, "\"target\":\"/one\""));
    EXPECT_TRUE(written(file, "\"level\":\"debug\",\"component\":\"http\",\"session\":"));
    set_log("{ access: \"-\" }");
    EXPECT_THAT(reload(), HasSubstr("reloaded: ftp"));
    EXPECT_EQ(curl({https("/two")}).code, 0);
    EXPECT_TRUE(front->logged("\"GET /two HTTP/"));
    set_log("{}");
    EXPECT_THAT(reload(), HasSubstr("reloaded: ftp"));
    EXPECT_EQ(curl({https("/three")}).code, 0);
    EXPECT_EQ(kept.get("/small"), "small");
    EXPECT_EQ(dropped(), 0);
    EXPECT_EQ(occurrences(front->log() + text_of(file) + text_of(requests), "/three"), 0U);
}

TEST_F(Logging, FileThatCannotBeOpenedChangesNothing) {
    start();
    const FrontConfig before = config;
    set_log("{ level: error, file: /proc/no/such/log }");
    EXPECT_THAT(
        reload(),
        HasSubstr("reload failed, nothing was changed: log.file: /proc/no/such/log cannot be opened"
        )
    );
    EXPECT_EQ(curl({https("/small")}).out, "small");
    EXPECT_TRUE(front->logged(" https client=")) << "the level is what it was";
    config = before;
}

/// What a parser of JSON makes of each line of `file`; the lines of one session, one after another.
Outcome parse(const std::filesystem::path& file) {
    const char* const script = R"(
import json, sys
sessions = {}
for raw in open(sys.argv[1], "rb"):
    line = json.loads(raw.decode("utf-8"))
    assert {"time", "level", "component", "message"} <= line.keys(), line
    if "session" in line:
        assert isinstance(line["session"], int) and line["session"] < 2 ** 53, line
        assert "client" in line, line
        sessions.setdefault(line["session"], []).append(line)
for lines in sessions.values():
    components = {line["component"] for line in lines}
    clients = {line["client"] for line in lines}
    print(*components, len(clients), "transfer" if any("transfer " in l["message"] for l in lines) else "")
)";
    return run({"python3", "-c", script, file.string()});
}

TEST_F(Logging, JsonLinesAreJsonAndSessionsAreAField) {
    const auto file = scratch() / "log.json";
    set_log("{ level: trace, format: json, file: " + file.string() + " }");
    start_silently();
    write_file(vsftpd.root() / "file", "file");
    // Bytes that are no UTF-8, a quote and a backslash.
    EXPECT_NE(curl({"--user", "ftp:x", ftp("/no%ff%22%5cfile")}).code, 0);
    EXPECT_EQ(curl({"--user", "ftp:x", ftp("/file")}).code, 0);
    EXPECT_EQ(front->process().stop(), 0);
    const auto parsed = parse(file);
    EXPECT_EQ(parsed.code, 0) << parsed.error;
    EXPECT_THAT(parsed.out, HasSubstr("ftp 1 transfer\n"));
    EXPECT_THAT(parsed.out, HasSubstr("http 1"));
    EXPECT_THAT(text_of(file), HasSubstr("\xef\xbf\xbd"));
}

/// The number behind the first "session ".
std::uint64_t first_session(const std::string& log) {
    std::smatch found;
    return std::regex_search(log, found, std::regex("session ([0-9]+) ")) ? std::stoull(found[1])
                                                                          : 0;
}

TEST_F(Logging, SessionsOfTheNextProcessHaveHigherIds) {
    const auto seconds = static_cast<std::uint64_t>(std::time(nullptr) - 1'704'067'200);
    start();
    EXPECT_EQ(curl({https("/small")}).out, "small");
    ASSERT_TRUE(front->logged(" https client="));
    const std::uint64_t first = first_session(front->log());
    EXPECT_GE(first, seconds * 100'000);
    EXPECT_LT(first, (seconds + 600) * 100'000);
    EXPECT_EQ(front->process().stop(), 0);
    ASSERT_TRUE(eventually([&] {
        return static_cast<std::uint64_t>(std::time(nullptr) - 1'704'067'200) > first / 100'000;
    }));
    std::filesystem::remove(scratch() / "hsmfront.log");
    start();
    EXPECT_EQ(curl({https("/small")}).out, "small");
    ASSERT_TRUE(front->logged(" https client="));
    EXPECT_GT(first_session(front->log()), first + 50'000);
}

/// (Of the PIN: tests/fault/secrecy_test.cpp.)
TEST_F(Logging, HoldsNoSecretHoweverMuchIsLogged) {
    std::string keys(80, '\0');
    for (std::size_t i = 0; i < keys.size(); ++i) {
        keys[i] = static_cast<char>('A' + i % 26);
    }
    write_file(scratch() / "tickets", keys);
    std::filesystem::permissions(scratch() / "tickets", std::filesystem::perms(0600));
    set_log(
        "{ level: trace, access: \"-\", levels: { admin: trace, ftp: trace, hsm: trace, http: "
        "trace,"
        " net: trace, runtime: trace, tls: trace } }\n"
        "tls: { tickets: { keys: [" +
        (scratch() / "tickets").string() + "] } }"
    );
    start();
    const std::string password = "Pw7xQz9mT4secret";
    EXPECT_EQ(curl({"--user", "ftp:" + password, ftp("/")}).code, 0);
    EXPECT_NE(curl({"--user", "root:" + password, ftps("/")}).code, 0);
    EXPECT_EQ(
        curl({"--user",
              "someone:" + password,
              "-H",
              "Cookie: id=" + password,
              "-H",
              "Proxy-Authorization: Bearer " + password,
              https("/small")})
            .out,
        "small"
    );
    EXPECT_THAT(reload(), HasSubstr("reloaded: ftp"));
    EXPECT_EQ(front->process().stop(), 0);
    const std::string log = front->log();
    EXPECT_THAT(log, ContainsRegex("trace ftp: session [0-9]+ ftps: client: PASS")) << "no trace";
    EXPECT_THAT(log, Not(HasSubstr(password)));
    EXPECT_THAT(log, Not(HasSubstr("c29tZW9uZTpQdzd4UXo5bVQ0c2VjcmV0"))) << "someone:…, in Base64";
    EXPECT_THAT(log, Not(HasSubstr(keys.substr(16, 16)))) << "a ticket key";
    EXPECT_THAT(log, Not(ContainsRegex("(5152535455565758|UVJTVFVWV1hZ)"))) << "in hex or Base64";
}

TEST_F(Logging, RepeatsAreSummedUp) {
    set_log("{ repeats: 3/m }");
    start();
    for (int i = 0; i < 10; ++i) {
        EXPECT_NE(
            run({"curl", "-sS", "http://127.0.0.1:" + std::to_string(config.http.port)}).code, -1
        );
    }
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(curl({https("/small")}).out, "small");
    }
    // The rest is said within 10 s, though nothing more comes.
    ASSERT_TRUE(front->logged("more lines like \"https client=... listener=... duration=...ms"))
        << front->log();
    EXPECT_EQ(occurrences(front->log(), "plain HTTP"), 3U) << front->log();
    EXPECT_THAT(front->log(), HasSubstr("http: 7 more lines like "));
    EXPECT_EQ(occurrences(front->log(), " requests=1 "), 10U) << "one account of each session";
}

}  // namespace
}  // namespace hsmfront::test
