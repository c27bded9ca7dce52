// SessionStatus: what is kept of many sessions, and the table for a terminal.
#include "proxy/admin/session_status.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hsmfront::admin {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

net::SessionFacts session(std::uint64_t id, const std::string& doing = "") {
    net::SessionFacts facts;
    facts.id = id;
    facts.protocol = "FTPS explicit";
    facts.client = "192.0.2.1:1024";
    facts.doing = doing;
    return facts;
}

std::vector<std::uint64_t> ids(const SessionStatus& status) {
    std::vector<std::uint64_t> all;
    for (const auto& one : status.list.shown) {
        all.push_back(one.id);
    }
    return all;
}

TEST(SessionStatus, PutsWhatIsBusyFirstThenTheNewest) {
    SessionStatus status;
    status.add({3, {session(2, "RETR"), session(9), session(1)}});
    status.add({2, {session(8), session(4, "request")}});
    EXPECT_THAT(ids(status), ElementsAre(4, 2, 9, 8, 1));
    EXPECT_EQ(status.list.total, 5U);
}

TEST(SessionStatus, KeepsABoundedNumber) {
    SessionStatus status;
    net::SessionList many;
    for (std::uint64_t id = 1; id <= SessionStatus::most; ++id) {
        many.shown.push_back(session(id));
    }
    many.total = 5'000;
    status.add(many);
    status.add({1, {session(3'000, "STOR")}});
    EXPECT_EQ(status.list.shown.size(), SessionStatus::most);
    EXPECT_EQ(status.list.shown.front().id, 3'000U);
    EXPECT_THAT(render(status), HasSubstr("sessions: 5001, 200 of them shown\n"));
}

TEST(SessionStatus, TableNamesTheSilent) {
    SessionStatus status;
    EXPECT_EQ(render(status), "sessions: 0\n");
    status.silent = 2;
    EXPECT_EQ(render(status), "sessions: 0; 2 workers did not answer in time\n");
}

TEST(SessionStatus, TableHasColumnsThatHoldSomething) {
    SessionStatus status;
    auto one = session(17, "STOR");
    one.user = "anna";
    one.age = net::milliseconds(61'000);
    one.received = 3 << 20;
    status.add({1, {one}});
    EXPECT_EQ(
        render(status),
        "sessions: 1\n"
        "session  client          protocol       user  for  doing  in       out\n"
        "17       192.0.2.1:1024  FTPS explicit  anna  61s  STOR   3.0 MiB  0 B\n"
    );
}

TEST(SessionStatus, NobodyDrawsOnTheTerminal) {
    SessionStatus status;
    auto one = session(1);
    one.user =
        "a\x1b[2J\nb\xc2\x9b"
        "31mc\x7f" +
        std::string(1'000, 'x');
    status.add({1, {one}});
    const std::string table = render(status);
    EXPECT_THAT(table, HasSubstr("a?[2J?b?31mc?xxx"));
    EXPECT_THAT(table, Not(HasSubstr("\xc2")));
    EXPECT_LT(table.size(), 300U);
}

}  // namespace
}  // namespace hsmfront::admin
