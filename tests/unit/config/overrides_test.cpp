// Overrides: --set KEY=VALUE.
#include "config/yaml_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hsmfront::config {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* base = R"(hsm: { module: m.so, token: t, pin: { file: p } }
certificates: /c
Ftp:
  enabled: true
  alias: ftpd
  listen: [{ address: "::", port: 2121 }]
  backend: { address: 127.0.0.1, port: 21 }
)";

LoadResult with(std::vector<std::string> overrides, const std::string& text = base) {
    return load_text(text, "/etc/f.yaml", overrides);
}

TEST(Overrides, ReplaceAndCreateKeys) {
    const LoadResult result = with(
        {"Ftp.Hsm.enabled=false",
         "FTP.ALIAS=[rsa, ec]",
         "ftp.listen=[{address: 127.0.0.1, port: 990, tls: implicit}]",
         "ftp.backend.port=2100",
         "shutdown.drain=5s",
         "log.file=x y: z"}
    );
    EXPECT_THAT(result.problems, IsEmpty()) << render(result.problems);
    EXPECT_FALSE(result.settings.ftp.hsm_enabled);
    EXPECT_THAT(result.settings.ftp.aliases, ElementsAre("rsa", "ec"));
    EXPECT_THAT(
        result.settings.ftp.listen,
        ElementsAre(FtpListener{{"127.0.0.1", 990}, FtpTlsMode::implicit_tls})
    );
    EXPECT_EQ(result.settings.ftp.backend.endpoint, (Endpoint{"127.0.0.1", 2100}));
    EXPECT_EQ(result.settings.drain, 5s);
    EXPECT_EQ(result.settings.log.file, "/etc/x y: z");
}

TEST(Overrides, WorkWithoutAnyFileContent) {
    const LoadResult result = with(
        {"certificates=/c",
         "http={enabled: true, hsm: {enabled: false}, alias: a}",
         "http.listen=[{address: \"::\", port: 443}]",
         "http.backend.address=localhost",
         "http.backend.port=80"},
        ""
    );
    EXPECT_TRUE(result.ok()) << render(result.problems);
}

TEST(Overrides, LastOneWins) {
    EXPECT_EQ(with({"hsm.signers=3", "Hsm.Signers=4"}).settings.hsm.signers, 4U);
}

TEST(Overrides, ReplaceBadValuesOfTheFile) {
    const std::string text = std::string{base} + "workers: many\n";
    EXPECT_FALSE(with({}, text).ok());
    EXPECT_TRUE(with({"workers=2"}, text).ok());
}

TEST(Overrides, OldNamesReplaceTheKey) {
    const LoadResult result = with({"Hsm.keystorePath=other", "Ftp.Ssl.requireCloseNotify=false"});
    EXPECT_THAT(result.problems, IsEmpty()) << render(result.problems);
    EXPECT_EQ(result.settings.hsm.token, "other");
    EXPECT_FALSE(result.settings.ftp.data.require_close_notify);
    EXPECT_EQ(with({"hsm.token=new"}, "hsm: { keystorePath: old }\n").settings.hsm.token, "new");
}

TEST(Overrides, ProblemsQuoteTheOverride) {
    EXPECT_EQ(
        render(with({"Ftp.Hsm.enabled=maybe"}).problems),
        "--set Ftp.Hsm.enabled=maybe: error: ftp.hsm.enabled: expected true or false, found "
        "\"maybe\"\n"
    );
    EXPECT_THAT(
        render(with({"ftp.hsm.enabld=true"}).problems), HasSubstr("did you mean \"enabled\"?")
    );
    EXPECT_THAT(
        render(with({"ftp.alias=[a"}).problems),
        HasSubstr("--set ftp.alias=[a: error: not valid YAML")
    );
    EXPECT_THAT(
        render(with({"ftp.listen.port=1"}).problems), HasSubstr("is a list or a single value")
    );
}

TEST(Overrides, RefuseWhatIsNotKeyAndValue) {
    for (const char* text :
         {"", "=", "=x", "ftp", ".=1", "ftp..x=1", "ftp.=1", "ftp.listen[0]=1"}) {
        EXPECT_THAT(render(with({text}).problems), HasSubstr("expected KEY=VALUE")) << text;
    }
}

TEST(Overrides, KeepThePinToThemselves) {
    for (const char* text :
         {"hsm.pin.value=SECRET77",
          "Hsm.keystorePassword=SECRET77",
          "hsm.pin=SECRET77",
          "hsm.pin={value: SECRET77, x: 1}",
          "hsm={pin: SECRET77}",
          "hms.pin.value=SECRET77",
          "hsm.pin.value=[SECRET77",
          "hsm.pin.value:77"}) {
        EXPECT_THAT(render(with({text}).problems), AllOf(Not(IsEmpty()), Not(HasSubstr("77"))))
            << text;
    }
    EXPECT_THAT(render(with({"hsm.pin={value: 1}"}).problems), Not(HasSubstr("unknown")));
    EXPECT_THAT(
        render(with({"hsm.pin.value=1"}).problems),
        AllOf(HasSubstr("warning"), HasSubstr("can read a command line"))
    );
}

TEST(Overrides, DeepPathsDoNotHurt) {
    std::string path = "a";
    for (int i = 0; i < 10'000; ++i) {
        path += ".a";
    }
    EXPECT_THAT(render(with({path + "=1"}).problems), HasSubstr("unknown key"));
}

}  // namespace
}  // namespace hsmfront::config
