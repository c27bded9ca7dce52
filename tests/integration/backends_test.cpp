// Several HTTP backends behind the real binary: balance, health, places, restarts under load.
#include "tests/harness/stage.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <future>
#include <regex>

namespace hsmfront::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::size_t count_of(const std::string& text, const std::string& what) {
    std::size_t count = 0;
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; ++at) {
        ++count;
    }
    return count;
}

/// The number behind "key" in a flat JSON object, 0 if there is none.
int number_of(const std::string& json, const std::string& key) {
    std::smatch found;
    const std::regex wanted("\"" + key + "\": ([0-9]+)");
    return std::regex_search(json, found, wanted) ? std::stoi(found[1]) : 0;
}

constexpr auto slow_paths =
    "location = /slow { limit_rate 1k; }\nlocation = /paced { limit_rate 1m; }\n";

class HttpBackends : public Stage {
  protected:
    HttpBackends() : second(scratch() / "second", ports, slow_paths) {
        config.ftp.enabled = false;
        config.http.backends = {nginx.port(), second.port()};
    }

    /// Only the second one, whose /slow takes a second or two.
    void use_slow(const std::string& settings) {
        config.http.backends = {second.port()};
        config.http.extra = settings;
        write_file(second.root() / "slow", std::string(2'000, 'x'));
    }

    [[nodiscard]] std::string status_of(const std::string& path) const {
        return curl({"-o", "/dev/null", "-w", "%{http_code}", https(path)}).out;
    }

    /// The status of a slow request that got the only place, however many others were before it.
    [[nodiscard]] std::string taken_place() const {
        std::string status;
        do {
            status = status_of("/slow");
        } while (status == "503");
        return status;
    }

    /// `count` requests on one connection; their statuses, each followed by a space.
    [[nodiscard]] std::string statuses_of(const std::string& path, int count) const {
        std::vector<std::string> arguments = {"-w", "%{http_code} "};
        for (int i = 0; i < count; ++i) {
            arguments.insert(arguments.end(), {"-o", "/dev/null", https(path)});
        }
        return curl(arguments).out;
    }

    /// tests/tools/http_load.py, while the second backend is killed and restarted.
    std::string load_over_restarts(
        const std::string& method, const std::string& path, std::size_t body, int restarts
    ) {
        const auto stop = scratch() / "stop-the-load";
        auto load = std::async(std::launch::async, [&, this] {
            return run(
                {"python3",
                 HSMFRONT_SOURCE_DIR "/tests/tools/http_load.py",
                 method,
                 https(path),
                 Material::get().ca().string(),
                 stop.string(),
                 std::to_string(clients),
                 std::to_string(body)},
                330s
            );
        });
        for (int i = 0; i < restarts; ++i) {
            const auto served = count_of(second.log(), path);
            EXPECT_TRUE(eventually([&] { return count_of(second.log(), path) > served + 4; }));
            second.kill();
            const auto others = count_of(nginx.log(), path);
            EXPECT_TRUE(eventually([&] { return count_of(nginx.log(), path) > others + 4; }));
            second.restart();
        }
        write_file(stop, "");
        const Outcome outcome = load.get();
        EXPECT_EQ(outcome.code, 0) << outcome.error;
        std::cout << method << " " << path << " over " << restarts << " restarts: " << outcome.out;
        return outcome.out;
    }

    static constexpr int clients = 8;  ///< of the load

    Nginx second;
};

TEST_F(HttpBackends, TakeTurns) {
    start();
    EXPECT_EQ(count_of(statuses_of("/small", 10), "200 "), 10U);
    // nginx logs a request after it was answered.
    EXPECT_TRUE(eventually([this] { return count_of(nginx.log(), "GET /small") == 5; }));
    EXPECT_TRUE(eventually([this] { return count_of(second.log(), "GET /small") == 5; }));
}

TEST_F(HttpBackends, OneThatIsDownIsPassedOver) {
    second.kill();
    start();
    EXPECT_EQ(count_of(statuses_of("/small", 20), "200 "), 20U);
    EXPECT_TRUE(front->logged("backend 127.0.0.1:" + std::to_string(second.port()) + " is down"));
    EXPECT_EQ(count_of(front->log(), " is down"), 1U);
}

TEST_F(HttpBackends, AllThatAreDownGive502) {
    nginx.kill();
    second.kill();
    start();
    EXPECT_EQ(count_of(statuses_of("/small", 10), "502 "), 10U);
    second.restart();
    EXPECT_EQ(status_of("/small"), "200");
}

/// Only what is on the wire when a backend dies is lost, and a request that can be repeated is not.
class HttpBackendRestarts : public HttpBackends {
  protected:
    HttpBackendRestarts() { config.http.extra = "health: { pause: 100ms }"; }

    void lose_no_get(int restarts) {
        start();
        const std::string seen = load_over_restarts("GET", "/small", 0, restarts);
        EXPECT_GT(number_of(seen, "200"), restarts);
        EXPECT_EQ(number_of(seen, "none") + number_of(seen, "502") + number_of(seen, "504"), 0);
        EXPECT_LE(number_of(seen, "cut"), 1);  // its response had begun
    }

    void answer_each_post(int restarts) {
        start();
        const std::string seen = load_over_restarts("POST", "/small", 2'000, restarts);
        EXPECT_GT(number_of(seen, "200"), restarts);
        EXPECT_EQ(number_of(seen, "none") + number_of(seen, "503") + number_of(seen, "504"), 0);
        EXPECT_LE(number_of(seen, "502"), clients * restarts);
        EXPECT_LE(number_of(seen, "cut"), 1);
    }

    /// A download takes half a second, so that each kill meets some.
    void cut_what_had_begun(int restarts) {
        const std::string content(500'000, 'x');
        write_file(nginx.root() / "paced", content);
        write_file(second.root() / "paced", content);
        start();
        const std::string seen = load_over_restarts("GET", "/paced", 0, restarts);
        EXPECT_GT(number_of(seen, "200"), restarts);
        EXPECT_GT(number_of(seen, "cut"), 0);
        // A 502 where the head had come, but nothing of the content.
        EXPECT_LE(number_of(seen, "cut") + number_of(seen, "502"), clients * restarts);
        EXPECT_EQ(number_of(seen, "none") + number_of(seen, "504"), 0);
    }
};

TEST_F(HttpBackendRestarts, LoseNoGet) { lose_no_get(5); }

TEST_F(HttpBackendRestarts, AnswerEachPost) { answer_each_post(5); }

TEST_F(HttpBackendRestarts, CutResponsesThatHadBegun) { cut_what_had_begun(5); }

using HttpBackendLongTransfer = HttpBackendRestarts;

TEST_F(HttpBackendLongTransfer, GetsOverManyRestarts) { lose_no_get(50); }

TEST_F(HttpBackendLongTransfer, PostsOverManyRestarts) { answer_each_post(50); }

TEST_F(HttpBackendLongTransfer, DownloadsOverManyRestarts) { cut_what_had_begun(50); }

TEST_F(HttpBackends, RequestBeyondTheQueueIs503) {
    use_slow("connections: { max: 1, queue: 0 }");
    start();
    auto slow = std::async(std::launch::async, [this] { return taken_place(); });
    ASSERT_TRUE(eventually([this] { return status_of("/small") == "503"; }));
    EXPECT_EQ(slow.get(), "200");
    EXPECT_EQ(status_of("/small"), "200");
}

TEST_F(HttpBackends, RequestThatWaitedTooLongIs503) {
    use_slow("connections: { max: 1, queue_timeout: 200ms }");
    start();
    auto slow = std::async(std::launch::async, [this] { return taken_place(); });
    ASSERT_TRUE(eventually([this] { return status_of("/small") == "503"; }));
    EXPECT_EQ(slow.get(), "200");
}

TEST_F(HttpBackends, RequestsWaitForAPlace) {
    use_slow("connections: { max: 1, queue_timeout: 20s }");
    start();
    std::vector<std::future<std::string>> waiting;
    for (int i = 0; i < 2; ++i) {
        waiting.push_back(std::async(std::launch::async, [this] { return status_of("/slow"); }));
    }
    for (auto& request : waiting) {
        EXPECT_EQ(request.get(), "200");
    }
}

TEST_F(HttpBackends, ChecksDecideWhoIsAsked) {
    config.http.extra = "health: { path: /health, interval: 50ms, rise: 1, fall: 1 }";
    write_file(nginx.root() / "health", "well");
    start();  // the second one has no such file
    const std::string down = "backend 127.0.0.1:" + std::to_string(second.port()) + " is down";
    ASSERT_TRUE(front->logged(down + ": health check: status 404"));
    EXPECT_EQ(count_of(statuses_of("/small", 10), "200 "), 10U);
    EXPECT_EQ(count_of(second.log(), "GET /small"), 0U);

    write_file(second.root() / "health", "well");
    ASSERT_TRUE(front->logged("backend 127.0.0.1:" + std::to_string(second.port()) + " is up"));
    EXPECT_EQ(count_of(statuses_of("/small", 10), "200 "), 10U);
    EXPECT_TRUE(eventually([this] { return count_of(second.log(), "GET /small") == 5; }));
}

TEST_F(HttpBackends, WhenChecksFindNoneTheAnswerIs503) {
    config.http.extra = "health: { path: /health, interval: 50ms }";
    start();
    ASSERT_TRUE(eventually([this] { return count_of(front->log(), " is down") == 2; }));
    EXPECT_EQ(status_of("/small"), "503");
}

TEST_F(HttpBackends, ReloadsDoNotMultiplyTheChecks) {
    config.http.extra = "health: { path: /small, interval: 100ms }";
    start();
    for (int i = 0; i < 3; ++i) {
        front->process().signal(SIGHUP);
        ASSERT_TRUE(eventually([&] {
            return count_of(front->log(), "reloaded") == static_cast<std::size_t>(i) + 1;
        }));
    }
    const auto await_checks = [this](std::size_t more) {
        const std::size_t wanted = count_of(second.log(), "GET /small") + more;
        return eventually([&] { return count_of(second.log(), "GET /small") >= wanted; });
    };
    ASSERT_TRUE(await_checks(4)) << "the checks from before each had one more";
    const auto begun = std::chrono::steady_clock::now();
    ASSERT_TRUE(await_checks(10));
    EXPECT_GT(std::chrono::steady_clock::now() - begun, 600ms)
        << "twice the checks take half a second";
}

class ToldHttpBackend : public Stage, public ::testing::WithParamInterface<const char*> {
  protected:
    ToldHttpBackend() { config.ftp.enabled = false; }
};

INSTANTIATE_TEST_SUITE_P(Versions, ToldHttpBackend, ::testing::Values("v1", "v2"));

TEST_P(ToldHttpBackend, SeesTheClientInThePROXYHeader) {
    const std::uint16_t port = ports.next();
    const Nginx told(
        scratch() / "told",
        ports,
        "listen 127.0.0.1:" + std::to_string(port) +
            " proxy_protocol;\nlocation = /who { return 200 "
            "'$proxy_protocol_addr:$proxy_protocol_port $connection '; }\n"
    );
    config.http.backend_port = port;
    config.http.backend_options = std::string(", proxy_protocol: ") + GetParam();
    start();
    const auto answer = curl(
        {"-w", "%{local_ip}:%{local_port} ", https("/who", "127.0.0.1"), https("/who", "127.0.0.1")}
    );
    std::istringstream words(answer.out);
    std::string seen, first_connection, client, seen_again, second_connection;
    words >> seen >> first_connection >> client >> seen_again >> second_connection;
    EXPECT_EQ(seen, client) << answer.out << answer.error;
    EXPECT_EQ(seen_again, client);
    EXPECT_NE(first_connection, second_connection);  // never lent again
}

}  // namespace
}  // namespace hsmfront::test
