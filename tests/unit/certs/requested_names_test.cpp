// Subjects and alternative names as they are typed.
#include "certs/requested_names.hpp"

#include "certs/errc.hpp"

#include <gmock/gmock.h>

namespace hsmfront::certs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

Subject subject(const std::string& text) {
    auto parsed = parse_subject(text);
    EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().message);
    return parsed ? *parsed : Subject{};
}

std::string subject_error(const std::string& text) {
    const auto parsed = parse_subject(text);
    return parsed ? "no error" : parsed.error().message;
}

std::string names_error(const std::string& text) {
    const auto parsed = parse_names(text);
    return parsed ? "no error" : parsed.error().message;
}

TEST(RequestedNames, SlashFormKeepsItsOrder) {
    EXPECT_THAT(
        subject("/C=DE/O=Example/CN=ftp.example.com"),
        ElementsAre(
            ElementsAre(Pair("C", "DE")),
            ElementsAre(Pair("O", "Example")),
            ElementsAre(Pair("CN", "ftp.example.com"))
        )
    );
}

TEST(RequestedNames, CommaFormIsReversed) {
    EXPECT_THAT(
        subject("cn=ftp.example.com, o=Example Ltd ,C=DE"),
        ElementsAre(
            ElementsAre(Pair("C", "DE")),
            ElementsAre(Pair("O", "Example Ltd")),
            ElementsAre(Pair("CN", "ftp.example.com"))
        )
    );
}

TEST(RequestedNames, BackslashMakesSeparatorsOrdinary) {
    EXPECT_THAT(subject("/O=a\\/b/CN=c"), testing::Contains(ElementsAre(Pair("O", "a/b"))));
    EXPECT_THAT(subject("CN=c,O=a\\, b\\2b"), testing::Contains(ElementsAre(Pair("O", "a, b+"))));
    EXPECT_THAT(subject("CN=c\\ "), ElementsAre(ElementsAre(Pair("CN", "c "))));
}

TEST(RequestedNames, PlusJoinsAttributes) {
    EXPECT_THAT(
        subject("/O=a/OU=b+CN=c"),
        ElementsAre(ElementsAre(Pair("O", "a")), ElementsAre(Pair("OU", "b"), Pair("CN", "c")))
    );
}

TEST(RequestedNames, MalformedSubjectsAreRefused) {
    EXPECT_THAT(subject_error(""), HasSubstr("no value"));
    EXPECT_THAT(subject_error("/"), HasSubstr("no value"));
    EXPECT_THAT(subject_error("ftp.example.com"), HasSubstr("no value"));
    EXPECT_THAT(subject_error("/CN=a/b"), HasSubstr("'b'"));
    EXPECT_THAT(subject_error("/CN="), HasSubstr("CN is empty"));
    EXPECT_THAT(subject_error("/CN=a/"), HasSubstr("no value"));
    EXPECT_THAT(subject_error("/NOPE=a"), HasSubstr("'NOPE'"));
}

TEST(RequestedNames, NamesOfAllKinds) {
    const auto names = parse_names(
        "dns:ftp.example.com, IP:192.0.2.1,IP:2001:db8::1,email:a@example.com,"
        "URI:https://example.com/,DNS:*.example.com,DNS:ftp.example.com"
    );
    ASSERT_TRUE(names) << names.error().message;
    EXPECT_THAT(
        *names,
        ElementsAre(
            "DNS:ftp.example.com",
            "IP:192.0.2.1",
            "IP:2001:db8::1",
            "email:a@example.com",
            "URI:https://example.com/",
            "DNS:*.example.com"
        )
    );
}

TEST(RequestedNames, MalformedNamesAreRefused) {
    for (const char* bad :
         {"",
          "ftp.example.com",
          "DNS:",
          "DNS:-a.example",
          "DNS:a..b",
          "DNS:a b",
          "DNS:a.*.b",
          "DNS:m\xc3\xbcller.example",
          "IP:1.2.3",
          "IP:example.com",
          "email:nobody",
          "email:copy",
          "URI:example",
          "dirName:section",
          "DNS:a,",
          "DNS:a,,DNS:b"}) {
        EXPECT_THAT(names_error(bad), HasSubstr("--san")) << bad;
    }
    EXPECT_THAT(names_error("DNS:" + std::string(64, 'a')), HasSubstr("host name"));
}

TEST(RequestedNames, CommonNameBecomesAName) {
    EXPECT_EQ(name_from(subject("/O=x/CN=ftp.example.com")), "DNS:ftp.example.com");
    EXPECT_EQ(name_from(subject("/CN=192.0.2.1")), "IP:192.0.2.1");
    EXPECT_EQ(name_from(subject("/CN=Jane Doe")), "");
    EXPECT_EQ(name_from(subject("/O=ftp.example.com")), "");
}

}  // namespace
}  // namespace hsmfront::certs
