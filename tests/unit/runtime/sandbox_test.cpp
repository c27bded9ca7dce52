// Sandbox: which files a configuration names.
#include "proxy/runtime/sandbox.hpp"

#include "tests/support/temp_dir.hpp"

#include <gmock/gmock.h>

namespace hsmfront::runtime {
namespace {

using testing::Contains;
using testing::Not;

TEST(Sandbox, NamesTheFoldersOfFilesThatAreReplaced) {
    config::Settings settings;
    settings.certificates = "/srv/certs";
    settings.hsm.module = "/opt/vendor/lib/module.so";
    settings.hsm.pin.file = "/srv/pins/pin";
    settings.hsm.failover = {{"other", "/opt/other/module.so", {}}};
    settings.tls.tickets.keys = {"/srv/tickets/one"};
    settings.tls.policy.client_certificate.ca = "/srv/ca/ca.pem";
    settings.http.hosts.push_back({"a.example", {"a"}});
    settings.http.hosts.back().tls.client_certificate.crl = {{"/srv/crls/a.crl"}};
    settings.log.file = "/srv/logs/log";
    settings.log.access.file = "-";
    settings.admin.socket = "/srv/run/admin.sock";
    settings.sandbox.read = {"/srv/more"};
    settings.sandbox.write = {"/srv/token"};
    const FileRules rules = files_of(settings, "/srv/conf/hsmfront.yaml");
    for (const char* path :
         {"/srv/certs",
          "/srv/conf",
          "/opt/vendor/lib",
          "/opt/other",
          "/srv/pins",
          "/srv/tickets",
          "/srv/ca",
          "/srv/crls",
          "/etc",
          "/proc"}) {
        EXPECT_THAT(rules.read, Contains(path));
        EXPECT_THAT(rules.write, Not(Contains(path)));
        EXPECT_THAT(rules.execute, Not(Contains(path)));
    }
    for (const char* path : {"/srv/logs", "/srv/run", "/srv/token", "/dev/null", "/dev/tty"}) {
        EXPECT_THAT(rules.write, Contains(path));
    }
    EXPECT_THAT(rules.execute, Contains("/usr"));
    EXPECT_THAT(rules.execute, Contains("/srv/more"));
    EXPECT_THAT(rules.write, Not(Contains("-")));
}

/// "syslog" is no file in the folder where the service was started.
TEST(Sandbox, OpensNoFolderForLogsThatAreNoFiles) {
    config::Settings settings;
    settings.log.file = config::to_syslog;
    settings.log.access.file = config::to_syslog;
    const FileRules rules = files_of(settings, "/srv/conf/hsmfront.yaml");
    EXPECT_THAT(rules.write, Not(Contains(std::filesystem::current_path())));
}

TEST(Sandbox, NeverOpensTheRootForAFileInIt) {
    config::Settings settings;
    settings.hsm.pin.file = "/pin";
    settings.log.file = "/log";
    const FileRules rules = files_of(settings, "/hsmfront.yaml");
    EXPECT_THAT(rules.read, Contains("/pin"));
    EXPECT_THAT(rules.read, Contains("/hsmfront.yaml"));
    EXPECT_THAT(rules.write, Contains("/log"));
    for (const auto* paths : {&rules.read, &rules.write, &rules.execute}) {
        EXPECT_THAT(*paths, Not(Contains("/")));
        EXPECT_THAT(*paths, Not(Contains("")));
    }
}

TEST(Sandbox, FollowsLinks) {
    const test::TempDir dir;
    std::filesystem::create_directory(dir / "kept");
    (void)dir.write("kept/ca.pem", "");
    std::filesystem::create_symlink(dir / "kept" / "ca.pem", dir / "ca.pem");
    config::Settings settings;
    settings.tls.policy.client_certificate.ca = dir / "ca.pem";
    const FileRules rules = files_of(settings, "/srv/hsmfront.yaml");
    EXPECT_THAT(rules.read, Contains(dir.path()));
    EXPECT_THAT(rules.read, Contains(std::filesystem::canonical(dir / "kept")));
}

TEST(Sandbox, NothingIsOutsideWithoutOne) {
    config::Settings settings;
    settings.certificates = "/srv/certs";
    EXPECT_EQ(outside_sandbox(settings, "/srv/hsmfront.yaml"), "");
}

}  // namespace
}  // namespace hsmfront::runtime
