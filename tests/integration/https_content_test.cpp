// Contents of any size pass in fixed memory: large ones both ways, and to clients that do not read.
#include "tests/harness/stage.hpp"

#include <iostream>

namespace hsmfront::test {
namespace {

constexpr std::size_t mebibyte = 1024 * 1024;

struct Way {
    const char* name;
    const char* version;  ///< curl's option
    bool open;            ///< without Content-Length: chunked in HTTP/1
};

constexpr Way ways[] = {
    {"http1_length", "--http1.1", false},
    {"http1_chunked", "--http1.1", true},
    {"http2_length", "--http2", false},
    {"http2_open", "--http2", true},
};

/// GoogleTest prints the parameter with it.
[[maybe_unused]] void PrintTo(const Way& way, std::ostream* out) { *out << way.name; }

class ContentStage : public Stage {
  protected:
    ContentStage() : origin(scratch() / "origin", ports) {
        config.ftp.enabled = false;
        config.http.backend_port = origin.port();
    }

    [[nodiscard]] static std::string tool(const std::string& name) {
        return HSMFRONT_SOURCE_DIR "/tests/tools/" + name;
    }

    Origin origin;
};

/// Contents are generated and digested on the way: they take no disk.
class HttpsContent : public ContentStage, public ::testing::WithParamInterface<Way> {
  protected:
    [[nodiscard]] static std::string digest(std::size_t size) {
        const std::string digest =
            run({"python3", tool("generated.py"), "--digest", std::to_string(size)}, 10min).out;
        return digest.substr(0, digest.find('\n'));
    }

    /// What a shell prints; $curl is curl as the way wants it, $size the number of bytes.
    [[nodiscard]] std::string shell(const std::string& script, std::size_t size) const {
        const auto done =
            run({"bash", "-o", "pipefail", "-c", script},
                10min,
                {{"size", std::to_string(size)},
                 {"generated", tool("generated.py")},
                 {"curl",
                  std::string("curl --fail --silent --show-error ") + GetParam().version +
                      " --cacert " + Material::get().ca().string()}});
        EXPECT_EQ(done.code, 0) << done.error;
        return done.out;
    }

    /// sha256 and size of what the origin got.
    [[nodiscard]] std::string up(std::size_t size) const {
        const std::string framing =
            GetParam().open ? "" : "-H Transfer-Encoding: -H \"Content-Length: $size\" ";
        return shell(
            "python3 $generated $size | $curl -H Expect: " + framing + "-T - " + https("/digest"),
            size
        );
    }

    /// sha256 of what the client got.
    [[nodiscard]] std::string down(std::size_t size) const {
        const std::string path = GetParam().open ? "/chunks/" : "/bytes/";
        return shell("$curl " + https(path) + "$size | sha256sum", size);
    }

    void there_and_back(std::size_t size) const {
        const std::string expected = digest(size);
        EXPECT_EQ(up(size), expected + " " + std::to_string(size) + "\n");
        EXPECT_EQ(down(size), expected + "  -\n");
    }

    /// `size` bytes up and down need no more memory than 1 MiB does.
    void expect_no_more_memory(std::size_t size) {
        start();
        there_and_back(mebibyte);
        const std::size_t little = front->peak_memory_kib();
        there_and_back(size);
        const std::size_t much = front->peak_memory_kib();
        std::cout << little << " KiB with 1 MiB, " << much << " KiB with " << size / mebibyte
                  << " MiB\n";
        if (!sanitized) {
            EXPECT_LE(much, little + 1024);
        }
    }
};

std::string name_of(const ::testing::TestParamInfo<Way>& way) { return way.param.name; }

INSTANTIATE_TEST_SUITE_P(Ways, HttpsContent, ::testing::ValuesIn(ways), name_of);

TEST_P(HttpsContent, SixtyFourMebibytesNeedNoMoreMemoryThanOne) {
    expect_no_more_memory(64 * mebibyte);
}

class LongTransferOfContent : public HttpsContent {};

INSTANTIATE_TEST_SUITE_P(Ways, LongTransferOfContent, ::testing::ValuesIn(ways), name_of);

TEST_P(LongTransferOfContent, TenGibibytesNeedNoMoreMemoryThanOneMebibyte) {
    expect_no_more_memory(10 * 1024 * mebibyte);
}

/// Clients that stop reading 10 GiB, and what they may cost.
struct SlowReaders {
    const char* name;
    std::size_t connections;
    std::size_t streams;    ///< of each HTTP/2 connection; 0: HTTP/1.1
    std::size_t limit_kib;  ///< for each connection
};

constexpr SlowReaders slow_readers[] = {
    {"http1", 50, 0, 190},             // measured: 160; the buffer is 64, its records 48
    {"http2", 50, 1, 270},             // measured: 229, a buffer for each direction
    {"http2_streams", 2, 100, 9'000},  // measured: 7,280, a buffer for each stream
};

/// GoogleTest prints the parameter with it.
[[maybe_unused]] void PrintTo(const SlowReaders& slow, std::ostream* out) { *out << slow.name; }

class HttpsSlowReaders : public ContentStage, public ::testing::WithParamInterface<SlowReaders> {};

INSTANTIATE_TEST_SUITE_P(
    Ways,
    HttpsSlowReaders,
    ::testing::ValuesIn(slow_readers),
    [](const auto& slow) { return std::string(slow.param.name); }
);

TEST_P(HttpsSlowReaders, CostFixedBuffersUntilTheyStall) {
    const SlowReaders& slow = GetParam();
    config.http.extra = "timeouts: { stall: 3s }\n";
    start();
    ASSERT_EQ(curl({https("/bytes/3000000"), "-o", "/dev/null"}).code, 0);
    const std::size_t before = front->peak_memory_kib();
    std::vector<std::string> argv = {
        "python3",
        tool("slow_readers.py"),
        std::to_string(config.http.port),
        Material::get().ca().string(),
        std::to_string(slow.connections),
        "/bytes/10737418240"};
    if (slow.streams > 0) {
        argv.push_back(std::to_string(slow.streams));
    }
    const auto clients = run(argv, 40s);
    const auto count = std::to_string(slow.connections);
    EXPECT_EQ(clients.out, "ready " + count + "\nreset " + count + "\n") << clients.error;
    const std::size_t peak = front->peak_memory_kib();
    std::cout << before << " KiB before, " << peak << " KiB with them\n";
    if (!sanitized) {
        EXPECT_LE(peak - before, slow.connections * slow.limit_kib);
    }
}

}  // namespace
}  // namespace hsmfront::test
