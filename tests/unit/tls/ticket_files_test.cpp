// Ticket keys in files: what is read, in which order, and what operators are told.
#include "proxy/tls/ticket_files.hpp"

#include "proxy/tls/ticket_keys.hpp"
#include "tests/support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <openssl/evp.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <fstream>
#include <sstream>
#include <sys/stat.h>

namespace hsmfront::tls {
namespace {

using std::chrono_literals::operator""h;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using Path = std::filesystem::path;

/// A key named for `letter`.
std::string raw(char letter) {
    return std::string(16, letter) + std::string(32, 'h') + std::string(32, 'c');
}

std::string base64(const std::string& bytes) {
    std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
    const int size = EVP_EncodeBlock(
        reinterpret_cast<unsigned char*>(text.data()),
        reinterpret_cast<const unsigned char*>(bytes.data()),
        static_cast<int>(bytes.size())
    );
    text.resize(static_cast<std::size_t>(size));
    return text;
}

std::string letters(const TicketRing& ring) {
    std::string text;
    for (const auto& key : ring.keys()) {
        text += static_cast<char>(key->name().front());
    }
    return text;
}

char encrypting(const TicketRing& ring) {
    return static_cast<char>(ring.encrypting().name().front());
}

/// Takes what is logged.
class TicketFileTest : public testing::Test {
  protected:
    TicketFileTest() : before_(spdlog::default_logger()) {
        auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(log);
        spdlog::set_default_logger(std::make_shared<spdlog::logger>("test", std::move(sink)));
    }
    ~TicketFileTest() override { spdlog::set_default_logger(before_); }

    Path key(const std::string& name, const std::string& content) const {
        const auto file = dir.write(name, content);
        ::chmod(file.c_str(), 0600);
        return file;
    }
    static void modified(const Path& file, std::time_t when, long nanoseconds = 0) {
        const timespec times[2] = {{when, nanoseconds}, {when, nanoseconds}};
        EXPECT_EQ(::utimensat(AT_FDCWD, file.c_str(), times, 0), 0);
    }
    static std::string failure(std::vector<Path> paths) {
        const auto ring = TicketFiles(std::move(paths)).read();
        return ring ? "" : ring.error().message;
    }
    std::size_t logged(const std::string& text) const {
        std::size_t count = 0;
        const auto all = log.str();
        for (auto at = all.find(text); at != all.npos; at = all.find(text, at + 1)) {
            ++count;
        }
        return count;
    }

    hsmfront::test::TempDir dir;
    std::ostringstream log;

  private:
    std::shared_ptr<spdlog::logger> before_;
};

TEST_F(TicketFileTest, FilesAreInTheOrderGiven) {
    const auto ring = TicketFiles({key("2", raw('b')), key("1", raw('a'))}).read();
    ASSERT_TRUE(ring) << ring.error().message;
    EXPECT_EQ(letters(*ring), "ba");
    EXPECT_EQ(encrypting(*ring), 'b');
    EXPECT_EQ(ring->encrypting().hmac().front(), 'h');
    EXPECT_EQ(ring->encrypting().cipher().front(), 'c');
    EXPECT_EQ(log.str(), "");
}

TEST_F(TicketFileTest, LinesAreThoseOfHaproxy) {
    const auto a = base64(raw('a')) + "\n";
    const auto b = base64(raw('b')) + "\n";
    const auto c = base64(raw('c'));
    const std::pair<std::string, char> files[] = {
        {a, 'a'}, {a + b, 'a'}, {a + b + c, 'b'}, {a + "\r\n \t" + b + "\n\n", 'a'}};
    for (const auto& [text, wanted] : files) {
        const auto ring = TicketFiles({key("keys", text)}).read();
        ASSERT_TRUE(ring) << ring.error().message;
        EXPECT_EQ(encrypting(*ring), wanted);
    }
}

TEST_F(TicketFileTest, OfSeveralFilesTheFirstEncrypts) {
    const auto lines = base64(raw('a')) + "\n" + base64(raw('b')) + "\n" + base64(raw('c'));
    const auto ring = TicketFiles({key("lines", lines), key("raw", raw('d'))}).read();
    ASSERT_TRUE(ring) << ring.error().message;
    EXPECT_EQ(letters(*ring), "abcd");
    EXPECT_EQ(encrypting(*ring), 'b');
}

TEST_F(TicketFileTest, AFolderIsReadNewestFirst) {
    modified(key("a", raw('a')), 1000);
    modified(key("b", raw('b')), 3000, 1);
    modified(key("c", raw('c')), 3000);  // the nanosecond is no order
    modified(key("d", raw('d')), 2000);
    modified(key(".hidden", raw('h')), 9000);
    std::filesystem::create_directory(dir / "folder");
    const auto ring = TicketFiles({dir.path()}).read();
    ASSERT_TRUE(ring) << ring.error().message;
    EXPECT_EQ(letters(*ring), "cbda");
    EXPECT_EQ(encrypting(*ring), 'c');
}

TEST_F(TicketFileTest, WhatIsWrongIsSaidWithTheFileAndTheRemedy) {
    const auto file = [this](const std::string& content) { return failure({key("k", content)}); };
    const auto name = (dir / "k").string();
    EXPECT_THAT(file(std::string(48, '\1')), AllOf(HasSubstr(name), HasSubstr("openssl rand 80")));
    EXPECT_THAT(file(base64(raw('a')) + "\n" + base64(std::string(48, 'x'))), HasSubstr("k:2: 48"));
    EXPECT_THAT(file(std::string(81, '\1')), AllOf(HasSubstr(name), HasSubstr("81 bytes")));
    EXPECT_THAT(file(std::string(160, '\1')), HasSubstr("160 bytes"));
    EXPECT_THAT(file(std::string(100'000, '\1')), HasSubstr("too large"));
    EXPECT_THAT(file(""), AllOf(HasSubstr(name + " is empty"), HasSubstr("openssl rand -out")));
    EXPECT_THAT(file("\n\n"), HasSubstr("is empty"));
    EXPECT_THAT(file("AAAA=AAA"), HasSubstr("base64"));
    EXPECT_THAT(file("AAA"), HasSubstr("base64"));
    EXPECT_THAT(file("===="), HasSubstr("base64"));
    EXPECT_THAT(file(std::string(4000, 'A')), HasSubstr("base64"));
    EXPECT_THAT(
        failure({dir / "none"}),
        AllOf(HasSubstr((dir / "none").string()), HasSubstr("No such file"))
    );
    std::filesystem::create_directory(dir / "empty");
    EXPECT_THAT(
        failure({dir / "empty"}), AllOf(HasSubstr("no ticket keys"), HasSubstr("rand -out"))
    );
    EXPECT_THAT(failure({key("k", raw('a')), dir / "empty"}), HasSubstr("is no file"));
    ASSERT_EQ(::mkfifo((dir / "pipe").c_str(), 0600), 0);
    EXPECT_THAT(failure({dir / "pipe"}), HasSubstr("is no file"));
}

TEST_F(TicketFileTest, TwoKeysOfOneNameAreRefused) {
    EXPECT_THAT(
        failure({key("1", raw('a')), key("2", raw('a'))}),
        AllOf(HasSubstr((dir / "1").string()), HasSubstr((dir / "2").string()), HasSubstr("same"))
    );
}

TEST_F(TicketFileTest, MoreKeysThanAreSearchedWellAreRefused) {
    std::string lines;
    for (int i = 0; i < 101; ++i) {
        std::string one = raw('a');
        one[1] = static_cast<char>(i);
        lines += base64(one) + "\n";
    }
    EXPECT_THAT(failure({key("k", lines)}), HasSubstr("more than 100"));
}

TEST_F(TicketFileTest, AFileForAllEyesIsWarnedOf) {
    const auto file = key("k", raw('a'));
    ::chmod(file.c_str(), 0644);
    EXPECT_EQ(failure({file}), "");
    EXPECT_EQ(logged("every user can read " + file.string()), 1U) << log.str();
}

class RereadKeys : public TicketFileTest {
  protected:
    void begin(std::vector<Path> paths) {
        auto source = TicketKeys::open(paths, 1h);
        ASSERT_TRUE(source) << source.error().message;
        keys.use(std::move(*source), now);
    }
    [[nodiscard]] std::string after_refresh() {
        keys.refresh(now);
        return letters(*keys.ring()).substr(0, letters(*keys.ring()).size() - 1);
    }

    TicketKeys::Time now = TicketKeys::Clock::now();
    TicketKeys keys{1h, now};  // whose random key stands last
};

TEST_F(RereadKeys, ChangesAreSeen) {
    modified(key("1", raw('a')), 1000);
    begin({dir.path()});
    EXPECT_EQ(after_refresh(), "a");
    modified(key("2", raw('b')), 2000);
    EXPECT_EQ(after_refresh(), "ba") << "a new file";
    modified(key("2", raw('c')), 2000);
    EXPECT_EQ(after_refresh(), "ca") << "renamed into place, with the old time";
    {
        std::ofstream(dir / "1") << raw('d');
        modified(dir / "1", 1000);
    }
    EXPECT_EQ(after_refresh(), "cd") << "written in place, with the old time";
    std::filesystem::remove(dir / "1");
    EXPECT_EQ(after_refresh(), "c") << "removed";
    EXPECT_EQ(logged("read again"), 4U) << log.str();
    EXPECT_EQ(after_refresh(), "c");
    EXPECT_EQ(logged("read again"), 4U) << "nothing changed";
}

/// As Kubernetes replaces a secret: file -> ..data/file, ..data -> ..version.
TEST_F(RereadKeys, ASwappedSymbolicLinkIsSeen) {
    for (const std::string version : {"..1", "..2"}) {
        std::filesystem::create_directory(dir / version);
        key(version + "/key", raw(version.back()));
        modified(dir / (version + "/key"), 1000);
    }
    std::filesystem::create_symlink("..1", dir / "..data");
    std::filesystem::create_symlink("..data/key", dir / "key");
    begin({dir.path()});
    EXPECT_EQ(after_refresh(), "1");
    std::filesystem::create_symlink("..2", dir / "..new");
    std::filesystem::rename(dir / "..new", dir / "..data");
    EXPECT_EQ(after_refresh(), "2");
}

TEST_F(RereadKeys, ABadFileKeepsTheOldRingAndIsToldOnceAChange) {
    begin({key("1", raw('a'))});
    key("1", "bad");
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(after_refresh(), "a");
    }
    EXPECT_EQ(logged("keys of before stay in use"), 1U) << log.str();
    key("1", "worse");
    EXPECT_EQ(after_refresh(), "a");
    EXPECT_EQ(logged("keys of before stay in use"), 2U);
    std::filesystem::remove(dir / "1");
    EXPECT_EQ(after_refresh(), "a");
    EXPECT_EQ(logged("keys of before stay in use"), 3U);
    key("1", raw('b'));
    EXPECT_EQ(after_refresh(), "b");
}

TEST_F(RereadKeys, NothingOfKeysIsLogged) {
    begin({key("1", raw('a'))});
    key("1", base64(raw('b')) + "\n" + base64(raw('q')) + "x");
    EXPECT_EQ(after_refresh(), "a");
    key("1", base64(raw('b')) + "\n" + base64(std::string(48, 'q')));
    EXPECT_EQ(after_refresh(), "a");
    EXPECT_THAT(
        log.str(),
        AllOf(
            Not(HasSubstr("aaa")),
            Not(HasSubstr("qqq")),
            Not(HasSubstr(base64(raw('b')).substr(0, 8)))
        )
    );
}

}  // namespace
}  // namespace hsmfront::tls
