// HostChoice: the ClientHello decides. How the policy of the host takes effect on the wire is in
// tests/integration/tls_hosts_test.cpp.
#include "proxy/tls/host_choice.hpp"

#include "tls_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hsmfront::tls {
namespace {

using namespace test;
using namespace std::chrono_literals;
using ::testing::HasSubstr;

std::shared_ptr<const Context> context_of(
    std::vector<NamedContext> hosts = {}, config::Tls policy = config::Tls()
) {
    auto key = make_key("P-256");
    auto chain = self_signed(key.get());
    Context::Options options;
    options.tls = std::move(policy);
    options.protocol = "test";
    options.hosts = std::move(hosts);
    auto context = Context::create(
        options, {std::make_shared<const Identity>(Identity{"a", std::move(chain), std::move(key)})}
    );
    EXPECT_TRUE(context) << context.error().message;
    return *context;
}

struct Outcome {
    error_code error;
    std::string failure;
    std::string host;
    std::string name;
};

struct Arrival {
    std::string name = {};           ///< SNI
    std::string chosen_before = {};  ///< by HOST
    StreamOptions options = {};
};

net::Task<void> shake_hands(
    net::Socket socket, std::shared_ptr<const Context> context, Arrival arrival, Outcome& outcome
) {
    Stream stream(std::move(socket), context, arrival.options);
    if (const NamedContext* host = context->find_host(arrival.chosen_before)) {
        stream.choose(*host);
    }
    outcome.error = co_await stream.handshake(10s);
    outcome.failure = stream.failure();
    outcome.host = stream.info().host;
    outcome.name = stream.info().server_name;
}

Outcome arrive(const std::shared_ptr<const Context>& context, const Arrival& arrival) {
    OneShotServer server;
    Outcome outcome;
    server.run(
        [&](net::Socket socket) {
            return shake_hands(std::move(socket), context, arrival, outcome);
        },
        [&] {
            Client client;
            client.ask_for(arrival.name);
            if (client.connect(server.port())) {
                static_cast<void>(client.read_all());
            }
        }
    );
    return outcome;
}

TEST(HostChoice, AnAddressIsNoName) {
    config::Tls strict;
    strict.strict_sni = true;
    const auto context = context_of({{"a.test", context_of()}}, strict);
    for (const char* address : {"192.0.2.1", "::1"}) {
        const Outcome outcome = arrive(context, {.name = address});
        EXPECT_FALSE(outcome.error) << outcome.failure;
        EXPECT_EQ(outcome.host, "");
    }
}

TEST(HostChoice, StrictRefusesWhatNeitherHostNorCertificateNames) {
    config::Tls strict;
    strict.strict_sni = true;
    const auto context = context_of({{"a.test", context_of()}}, strict);
    EXPECT_EQ(arrive(context, {.name = "a.test"}).host, "a.test");
    EXPECT_FALSE(arrive(context, {.name = "test"}).error) << "the certificate's CN";
    EXPECT_FALSE(arrive(context, {}).error);
    const Outcome refused = arrive(context, {.name = "b.test"});
    EXPECT_TRUE(refused.error);
    EXPECT_THAT(refused.failure, HasSubstr("\"b.test\" (SNI), which is no host of ours"));
}

TEST(HostChoice, TheNameGoesBeforeWhatHostChose) {
    const auto context = context_of({{"*.a.test", context_of()}, {"b.test", context_of()}});
    const std::string before = "x.a.test";
    EXPECT_EQ(arrive(context, {.chosen_before = before}).host, "*.a.test");
    EXPECT_EQ(arrive(context, {.name = "::1", .chosen_before = before}).host, "*.a.test");
    EXPECT_EQ(arrive(context, {.name = "y.a.test", .chosen_before = before}).host, "*.a.test");
    EXPECT_EQ(arrive(context, {.name = "b.test", .chosen_before = before}).host, "b.test");
    EXPECT_EQ(arrive(context, {.name = "c.test", .chosen_before = before}).host, "");
}

TEST(HostChoice, DataConnectionsMaySendWhatTheyLike) {
    config::Tls strict;
    strict.strict_sni = true;
    const auto context = context_of({{"a.test", context_of()}}, strict);
    Arrival arrival{.name = "nowhere.test"};
    arrival.options.data_connection = true;
    const Outcome outcome = arrive(context, arrival);
    EXPECT_FALSE(outcome.error) << outcome.failure;
    EXPECT_EQ(outcome.host, "");
}

}  // namespace
}  // namespace hsmfront::tls
