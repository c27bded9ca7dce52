#include "proxy/tls/socket_bio.hpp"

#include <gtest/gtest.h>

#include <array>
#include <fcntl.h>
#include <memory>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

namespace hsmfront::tls {
namespace {

/// A BIO on one end of a pair of connected sockets, both non-blocking.
class SocketBioTest : public ::testing::Test {
  protected:
    SocketBioTest() {
        std::array<int, 2> ends{};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()), 0);
        io_ = std::make_unique<net::SocketIo>(net::Socket(context_.get_executor(), ends[0]));
        peer_ = ends[1];
        socket_bio_ = std::make_unique<SocketBio>(*io_);
        bio_.reset(socket_bio_->make());
    }
    ~SocketBioTest() override { close_peer(); }
    SocketBioTest(const SocketBioTest&) = delete;
    SocketBioTest& operator=(const SocketBioTest&) = delete;

    void close_peer() {
        if (peer_ >= 0) {
            ::close(peer_);
            peer_ = -1;
        }
    }
    int write(std::string_view text) {
        return BIO_write(bio_.get(), text.data(), static_cast<int>(text.size()));
    }
    int read() { return BIO_read(bio_.get(), space_.data(), static_cast<int>(space_.size())); }
    /// What has come so far.
    std::string sent() {
        std::string all;
        for (;;) {
            const ssize_t n = ::recv(peer_, space_.data(), space_.size(), 0);
            if (n <= 0) {
                return all;
            }
            all.append(space_.data(), static_cast<std::size_t>(n));
        }
    }
    void fill() {
        const std::string piece(64 * 1024, 'x');
        while (write(piece) > 0) {
        }
        EXPECT_TRUE(BIO_should_write(bio_.get()));
    }
    /// Takes what fill() wrote, and tells the socket that it may be tried again, as its loop would.
    std::size_t drain() {
        const std::size_t size = sent().size();
        bool done = false;
        net::spawn(
            context_.get_executor(),
            [](net::SocketIo& io) -> net::Task<void> {
                EXPECT_FALSE(co_await io.wait(net::Direction::write));
            }(*io_),
            [&](const std::exception_ptr&) { done = true; }
        );
        context_.restart();
        context_.run();
        EXPECT_TRUE(done);
        return size;
    }

    net::asio::io_context context_{1};
    int peer_ = -1;
    std::unique_ptr<net::SocketIo> io_;
    std::unique_ptr<SocketBio> socket_bio_;
    std::unique_ptr<BIO, decltype(&BIO_free)> bio_{nullptr, BIO_free};
    std::array<char, 64 * 1024> space_{};
};

TEST_F(SocketBioTest, WritesAtOnce) {
    EXPECT_EQ(write("one"), 3);
    EXPECT_EQ(sent(), "one");
}

TEST_F(SocketBioTest, GatheredMessagesGoOutTogetherBeforeTheWaitForInput) {
    socket_bio_->gather(true);
    EXPECT_EQ(write("one "), 4);
    EXPECT_EQ(write("two"), 3);
    EXPECT_EQ(BIO_flush(bio_.get()), 1);
    EXPECT_EQ(sent(), "") << "OpenSSL flushes after each message";
    EXPECT_EQ(read(), -1);
    EXPECT_TRUE(BIO_should_read(bio_.get()));
    EXPECT_EQ(sent(), "one two");
}

TEST_F(SocketBioTest, WhatIsHeldBackGoesBeforeWhatIsWrittenNext) {
    socket_bio_->gather(true);
    EXPECT_EQ(write("ticket "), 7);
    socket_bio_->gather(false);
    EXPECT_EQ(write("data"), 4);
    EXPECT_EQ(sent(), "ticket data");
}

TEST_F(SocketBioTest, WhatASocketDoesNotTakeStaysInItsOrder) {
    fill();
    socket_bio_->gather(true);
    EXPECT_EQ(write("held "), 5);
    EXPECT_EQ(socket_bio_->flush().state, net::Attempt::State::want_write);
    // A handshake that waits for input has to wait for room first.
    EXPECT_EQ(read(), -1);
    EXPECT_TRUE(BIO_should_write(bio_.get()));
    EXPECT_GT(drain(), 0U);
    socket_bio_->gather(false);
    EXPECT_EQ(write("next"), 4);
    EXPECT_EQ(sent(), "held next");
}

TEST_F(SocketBioTest, HoldsNoMoreThanAFlight) {
    socket_bio_->gather(true);
    const std::string message(16 * 1024, 'm');
    std::size_t written = 0;
    for (int i = 0; i < 16; ++i) {
        EXPECT_EQ(write(message), static_cast<int>(message.size()));
        written += message.size();
        std::string came = sent();
        written -= came.size();
        ASSERT_LE(written, 80U * 1024);
    }
}

TEST_F(SocketBioTest, TellsTheEnd) {
    ASSERT_EQ(::shutdown(peer_, SHUT_WR), 0);
    EXPECT_EQ(read(), 0);
    EXPECT_TRUE(BIO_eof(bio_.get()));
    EXPECT_FALSE(BIO_should_retry(bio_.get()));
}

TEST_F(SocketBioTest, WriteToAPeerThatIsGoneIsAnErrorAndNoSignal) {
    close_peer();
    EXPECT_EQ(write("x"), -1);
    EXPECT_EQ(errno, EPIPE);
    EXPECT_FALSE(BIO_should_retry(bio_.get()));
}

}  // namespace
}  // namespace hsmfront::tls
