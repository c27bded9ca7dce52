// BackendQueue and the places of servers, across threads.
#include "proxy/http/backend_queue.hpp"

#include "proxy/http/backend_server.hpp"

#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <random>
#include <thread>

namespace hsmfront::http::test {
namespace {

using namespace std::chrono_literals;

/// Waits with its own event on a loop that the test runs.
class HttpBackendQueue : public testing::Test {
  protected:
    struct Request {
        Request(HttpBackendQueue& test, std::vector<BackendServer*> servers, std::size_t max)
            : wake(std::make_shared<net::Event>()),
              waiter(*test.queue, test.loop.get_executor(), wake) {
            waiter.servers = std::move(servers);
            waiter.max = max;
        }

        std::shared_ptr<net::Event> wake;
        BackendQueue::Waiter waiter;
    };

    BackendServer& make_server(std::uint16_t port) {
        servers.push_back(
            std::make_unique<BackendServer>(config::Endpoint{"192.0.2.1", port}, queue)
        );
        return *servers.back();
    }

    net::asio::io_context loop{1};
    std::shared_ptr<BackendQueue> queue = std::make_shared<BackendQueue>();
    std::vector<std::unique_ptr<BackendServer>> servers;
    BackendServer& server = make_server(80);
};

TEST_F(HttpBackendQueue, PlacesAreLimited) {
    EXPECT_TRUE(server.take(2));
    EXPECT_TRUE(server.take(2));
    EXPECT_FALSE(server.take(2));
    EXPECT_TRUE(server.take(0));
    EXPECT_EQ(server.active(), 3U);
    server.release();
    EXPECT_FALSE(server.take(2));
    server.release();
    EXPECT_TRUE(server.take(2));
}

TEST_F(HttpBackendQueue, FirstComeFirstServed) {
    ASSERT_TRUE(server.take(1));
    Request first(*this, {&server}, 1);
    Request second(*this, {&server}, 1);
    ASSERT_TRUE(queue->join(first.waiter, 8));
    ASSERT_TRUE(queue->join(second.waiter, 8));
    EXPECT_FALSE(first.waiter.granted());
    server.release();
    EXPECT_TRUE(first.waiter.granted());
    EXPECT_FALSE(second.waiter.granted());
    EXPECT_EQ(first.waiter.leave(), &server);
    server.release();
    EXPECT_TRUE(second.waiter.granted());
    EXPECT_EQ(server.active(), 1U);
}

TEST_F(HttpBackendQueue, BoundIsOfEachGroup) {
    ASSERT_TRUE(server.take(1));
    const std::array<int, 2> groups{};
    Request first(*this, {&server}, 1);
    Request second(*this, {&server}, 1);
    Request third(*this, {&server}, 1);
    first.waiter.group = second.waiter.group = &groups[0];
    third.waiter.group = &groups[1];
    EXPECT_TRUE(queue->join(first.waiter, 1));
    EXPECT_FALSE(queue->join(second.waiter, 1));
    EXPECT_TRUE(queue->join(third.waiter, 1));
}

TEST_F(HttpBackendQueue, PlaceGoesToTheFirstWhomItSuits) {
    BackendServer& other = make_server(81);
    ASSERT_TRUE(server.take(1) && other.take(1));
    Request first(*this, {&server}, 1);
    Request second(*this, {&server, &other}, 1);
    ASSERT_TRUE(queue->join(first.waiter, 8) && queue->join(second.waiter, 8));
    other.release();
    EXPECT_FALSE(first.waiter.granted());
    EXPECT_EQ(second.waiter.leave(), &other);
}

TEST_F(HttpBackendQueue, WhoLeavesWithoutTakingGivesThePlaceOn) {
    ASSERT_TRUE(server.take(1));
    std::optional<Request> first(std::in_place, *this, std::vector{&server}, 1U);
    Request second(*this, {&server}, 1);
    ASSERT_TRUE(queue->join(first->waiter, 8) && queue->join(second.waiter, 8));
    server.release();
    ASSERT_TRUE(first->waiter.granted());
    first.reset();
    EXPECT_TRUE(second.waiter.granted());
    EXPECT_EQ(second.waiter.leave(), &server);
    server.release();
    EXPECT_EQ(server.active(), 0U);
    EXPECT_FALSE(queue->waiting());
}

TEST_F(HttpBackendQueue, PlaceFreedBeforeTheWaitIsGrantedAtOnce) {
    Request request(*this, {&server}, 1);
    ASSERT_TRUE(queue->join(request.waiter, 8));
    EXPECT_EQ(request.waiter.leave(), &server);
}

/// One of several threads of requests that wait, hold a place for a moment or lose patience.
class Crowd {
  public:
    Crowd(BackendQueue& queue, std::vector<BackendServer*> servers, std::size_t max, unsigned seed)
        : queue_(queue), servers_(std::move(servers)), max_(max), random_(seed) {}

    void run(int requests) {
        for (int i = 0; i < 8; ++i) {
            net::spawn(loop_.get_executor(), client(requests), [](const std::exception_ptr& error) {
                EXPECT_FALSE(error);
            });
        }
        loop_.run();
    }

    int served = 0;

  private:
    net::Task<void> client(int requests) {
        for (int i = 0; i < requests; ++i) {
            BackendServer* server = co_await wait();
            if (server == nullptr) {
                continue;
            }
            EXPECT_LE(server->active(), max_);
            ++served;
            if (random_() % 2 == 0) {
                net::Timer work(loop_.get_executor(), std::chrono::microseconds(random_() % 50));
                co_await work.async_wait(net::as_tuple);
            }
            server->release();
        }
    }

    net::Task<BackendServer*> wait() {
        const auto wake = std::make_shared<net::Event>();
        BackendQueue::Waiter waiter(queue_, loop_.get_executor(), wake);
        waiter.servers = servers_;
        waiter.max = max_;
        EXPECT_TRUE(queue_.join(waiter, 1'000));
        if (random_() % 4 == 0) {
            co_await wake->wait_for(net::milliseconds(random_() % 2));
        } else {
            while (!waiter.granted()) {
                co_await wake->wait();  // for ever, should a wake-up be lost
            }
        }
        co_return waiter.leave();
    }

    net::asio::io_context loop_{1};
    BackendQueue& queue_;
    std::vector<BackendServer*> servers_;
    std::size_t max_;
    std::minstd_rand random_;
};

TEST_F(HttpBackendQueue, NoWakeUpIsLostAndNoPlaceLeaksAcrossThreads) {
    BackendServer& other = make_server(81);
    std::vector<std::unique_ptr<Crowd>> crowds;
    for (unsigned i = 0; i < 4; ++i) {
        std::vector<BackendServer*> wanted{&server};
        if (i % 2 == 0) {
            wanted.push_back(&other);
        }
        crowds.push_back(std::make_unique<Crowd>(*queue, wanted, 2, i + 1));
    }
    std::vector<std::thread> threads;
    for (auto& crowd : crowds) {
        threads.emplace_back([&crowd] { crowd->run(300); });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(server.active(), 0U);
    EXPECT_EQ(other.active(), 0U);
    EXPECT_FALSE(queue->waiting());
    for (const auto& crowd : crowds) {
        EXPECT_GT(crowd->served, 1'200);
    }
}

}  // namespace
}  // namespace hsmfront::http::test
