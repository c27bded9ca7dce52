// Load for an FTPS server, explicit TLS, a thread for each client:
//   ftps_load logins    to=[HOST:]PORT clients=4 seconds=3
//   ftps_load transfers to=[HOST:]PORT clients=1 seconds=3 direction=down name=file size=10240
// Both: tls=1.3 user=ftp password=secret, and the words of Measurement. A login is connect, AUTH
// TLS, USER, PASS, QUIT. Transfers are one after the other in sessions that stand before the load
// begins; with names=N they go round the files name0 … nameN-1; passive=epsv asks for EPSV. Prints
// one line of name=value pairs; its exit status is 1 if anything failed, with the reason on stderr.
#include "bench/clients/ftps_client.hpp"
#include "bench/clients/latencies.hpp"
#include "bench/clients/measurement.hpp"

#include <csignal>
#include <functional>
#include <iostream>
#include <memory>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <vector>

namespace hsmfront::bench {
namespace {

/// What all clients of a run did.
class Tally {
  public:
    void add(Clock::duration took, std::uint64_t bytes) {
        const std::scoped_lock lock(mutex_);
        latencies_.add(took);
        bytes_ += bytes;
    }
    void fail(const std::exception& error) {
        const std::scoped_lock lock(mutex_);
        if (failed_++ == 0) {
            std::cerr << "ftps_load: " << error.what() << "\n";
        }
    }
    [[nodiscard]] std::uint64_t failed() const { return failed_; }
    [[nodiscard]] std::string figures(double seconds) const {
        std::ostringstream text;
        const auto done = static_cast<double>(latencies_.count());
        text << "done=" << latencies_.count() << " failed=" << failed_ << " bytes=" << bytes_
             << " rate=" << done / seconds << " " << latencies_.quantiles();
        return text.str();
    }

  private:
    std::mutex mutex_;
    Latencies latencies_;
    std::uint64_t bytes_ = 0;
    std::uint64_t failed_ = 0;
};

/// Calls `once`, which returns bytes moved, in `clients` threads until the end of the measurement;
/// a thread ends at its first failure.
void repeat(
    Measurement& measurement,
    Tally& tally,
    std::size_t clients,
    const std::function<std::uint64_t(std::size_t client)>& once
) {
    std::vector<std::thread> threads;
    for (std::size_t client = 0; client < clients; ++client) {
        threads.emplace_back([&, client] {
            try {
                while (Clock::now() < measurement.end()) {
                    const auto begun = Clock::now();
                    const std::uint64_t bytes = once(client);
                    tally.add(Clock::now() - begun, bytes);
                }
            } catch (const std::exception& error) {
                tally.fail(error);
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
}

void measure(
    Measurement& measurement,
    Tally& tally,
    std::size_t clients,
    const std::function<std::uint64_t(std::size_t client)>& once
) {
    measurement.begin();
    const auto begun = Clock::now();
    repeat(measurement, tally, clients, once);
    const std::chrono::duration<double> passed = Clock::now() - begun;
    measurement.report(tally.figures(passed.count()));
}

SslCtxPtr context_of(Options& options) {
    SslCtxPtr ctx = client_context(options.text("tls", "1.3"), "");
    FtpsClient::keep_sessions(ctx.get());
    return ctx;
}

FtpsAccount account_of(Options& options) {
    return {
        Endpoint(options.text("to", "")),
        options.text("user", "ftp"),
        options.text("password", "secret"),
        options.text("passive", "pasv") == "epsv"};
}

void run_logins(Options& options, Tally& tally) {
    const FtpsAccount account = account_of(options);
    const SslCtxPtr ctx = context_of(options);
    const std::size_t clients = options.number("clients", 4);
    Measurement measurement(options);
    options.expect_no_more();
    measure(measurement, tally, clients, [&](std::size_t) -> std::uint64_t {
        FtpsClient(ctx.get(), account).quit();
        return 0;
    });
}

void run_transfers(Options& options, Tally& tally) {
    const FtpsAccount account = account_of(options);
    const SslCtxPtr ctx = context_of(options);
    const bool upload = options.text("direction", "down") == "up";
    const std::string name = options.text("name", "file");
    const std::uint64_t names = options.number("names", 0);
    const std::uint64_t size = options.number("size", 10240);
    std::vector<std::unique_ptr<FtpsClient>> clients(options.number("clients", 1));
    std::vector<std::uint64_t> turns(clients.size());
    Measurement measurement(options);
    options.expect_no_more();
    for (auto& client : clients) {
        client = std::make_unique<FtpsClient>(ctx.get(), account);
        client->prepare_transfers();
    }
    measure(measurement, tally, clients.size(), [&](std::size_t client) {
        const std::string file = names == 0 ? name : name + std::to_string(turns[client]++ % names);
        if (upload) {
            clients[client]->upload(file, size);
            return size;
        }
        const std::uint64_t bytes = clients[client]->download(file);
        if (bytes != size) {
            throw std::runtime_error(file + " has " + std::to_string(bytes) + " bytes");
        }
        return bytes;
    });
    for (auto& client : clients) {
        if (client->not_resumed() != 0) {
            std::cerr << "ftps_load: " << client->not_resumed()
                      << " data connections did not resume the session\n";
        }
        client->quit();
    }
}

int run(int argc, char** argv) {
    const std::string kind = argc > 1 ? argv[1] : "";
    Tally tally;
    Options options(argc, argv, std::min(argc, 2));
    if (kind == "logins") {
        run_logins(options, tally);
    } else if (kind == "transfers") {
        run_transfers(options, tally);
    } else {
        throw std::invalid_argument("usage: ftps_load logins|transfers NAME=VALUE...");
    }
    return tally.failed() == 0 ? 0 : 1;
}

}  // namespace
}  // namespace hsmfront::bench

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    try {
        return hsmfront::bench::run(argc, argv);
    } catch (const std::invalid_argument& error) {
        std::cerr << "ftps_load: " << error.what() << "\n";
        return 2;
    } catch (const std::exception& error) {
        std::cerr << "ftps_load: " << error.what() << "\n";
        return 1;
    }
}
