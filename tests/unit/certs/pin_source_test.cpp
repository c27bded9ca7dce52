// The PIN from the configuration's four places, and the memory it lives in.
#include "certs/pin_source.hpp"

#include "certs/errc.hpp"
#include "tests/support/temp_dir.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <string>

namespace hsmfront::certs {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string text_of(const Secret& secret) { return {secret.bytes().begin(), secret.bytes().end()}; }

std::string text_of(const Loaded<Secret>& pin) {
    return pin ? text_of(*pin) : "error: " + pin.error().message;
}

config::PinSource file_source(const std::filesystem::path& file) {
    config::PinSource source;
    source.file = file;
    return source;
}

TEST(Secret, HoldsItsBytesAndGivesThemAway) {
    Secret first("123456");
    Secret second(std::move(first));
    EXPECT_EQ(text_of(second), "123456");
    EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): it is defined to be empty
    first = std::move(second);
    EXPECT_EQ(text_of(first), "123456");
    EXPECT_TRUE(Secret().empty());
    EXPECT_TRUE(Secret("").empty());
}

TEST(PinSource, ValueIsTaken) {
    config::PinSource source;
    source.value = "123456";
    EXPECT_EQ(text_of(read_pin(source)), "123456");
}

TEST(PinSource, OneNewlineAtTheEndIsNotPartOfIt) {
    const test::TempDir directory;
    EXPECT_EQ(text_of(read_pin(file_source(directory.write("a", "123456\n")))), "123456");
    EXPECT_EQ(text_of(read_pin(file_source(directory.write("b", "123456\r\n")))), "123456");
    EXPECT_EQ(text_of(read_pin(file_source(directory.write("c", "123456\n\n")))), "123456\n");
    EXPECT_EQ(text_of(read_pin(file_source(directory.write("d", " 12 34")))), " 12 34");
}

TEST(PinSource, EmptyPinIsMissing) {
    const test::TempDir directory;
    config::PinSource value;
    value.value = "";
    EXPECT_EQ(read_pin(value).error().code, Errc::pin_missing);
    EXPECT_EQ(read_pin(file_source(directory.write("a", "\n"))).error().code, Errc::pin_missing);
    EXPECT_EQ(read_pin({}).error().code, Errc::pin_missing);
}

TEST(PinSource, UnreadableFileIsNamed) {
    const auto pin = read_pin(file_source("/nonexistent/pin"));
    ASSERT_FALSE(pin);
    EXPECT_EQ(pin.error().code, Errc::file_unreadable);
    EXPECT_THAT(pin.error().message, HasSubstr("/nonexistent/pin"));
}

TEST(PinSource, OverlongFileIsNoPinAndIsNotShown) {
    const test::TempDir directory;
    const auto pin = read_pin(file_source(directory.write("a", std::string(5000, 'x'))));
    ASSERT_FALSE(pin);
    EXPECT_EQ(pin.error().code, Errc::file_malformed);
    EXPECT_THAT(pin.error().message, Not(HasSubstr("xx")));
}

TEST(PinSource, EnvironmentVariableIsTakenOrNamed) {
    config::PinSource source;
    source.env = "HSMFRONT_TEST_PIN";
    ::unsetenv("HSMFRONT_TEST_PIN");
    EXPECT_THAT(read_pin(source).error().message, HasSubstr("HSMFRONT_TEST_PIN"));
    ::setenv("HSMFRONT_TEST_PIN", "4711", 1);
    EXPECT_EQ(text_of(read_pin(source)), "4711");
    EXPECT_STREQ(::getenv("HSMFRONT_TEST_PIN"), "") << "/proc/PID/environ still shows it";
    EXPECT_EQ(text_of(read_pin(source)), "4711") << "a reload reads it again";
    ::setenv("HSMFRONT_TEST_PIN", "4712", 1);
    EXPECT_EQ(text_of(read_pin(source)), "4712");
    ::unsetenv("HSMFRONT_TEST_PIN");
}

TEST(PinSource, CredentialIsReadFromSystemdsDirectory) {
    const test::TempDir directory;
    (void)directory.write("hsm-pin", "9999\n");
    config::PinSource source;
    source.credential = "hsm-pin";
    ::unsetenv("CREDENTIALS_DIRECTORY");
    EXPECT_THAT(read_pin(source).error().message, HasSubstr("LoadCredential"));
    ::setenv("CREDENTIALS_DIRECTORY", directory.path().c_str(), 1);
    EXPECT_EQ(text_of(read_pin(source)), "9999");
    ::unsetenv("CREDENTIALS_DIRECTORY");
}

}  // namespace
}  // namespace hsmfront::certs
