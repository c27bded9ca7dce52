// Stapler: keeps the OCSP responses of our certificates fresh, on a thread of its own.
#pragma once

#include "config/settings.hpp"
#include "proxy/runtime/ocsp_client.hpp"
#include "proxy/runtime/staple_keeper.hpp"

#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace hsmfront::runtime {

/// Neither a slow responder nor a slow disk or resolver ever delays a worker or the end.
class Stapler {
  public:
    Stapler() = default;
    /// After end(), which must have returned true.
    ~Stapler();
    Stapler(const Stapler&) = delete;
    Stapler& operator=(const Stapler&) = delete;

    /// The slot for the certificate of `alias`, kept fresh for as long as anybody has it; a response
    /// in its file is in it at once. The same arguments give the same slot, so that a response
    /// outlives a reload. One thread; may block on files.
    [[nodiscard]] std::shared_ptr<tls::StapleSlot> slot(
        const std::string& alias, const certs::Chain& chain, StapleKeeper::Source source
    );

    /// Ends the thread. False if the system's resolver still looks up the name of a responder, which
    /// nothing can end: the process must end by _exit(2) then.
    [[nodiscard]] bool end();

  private:
    using Keeper = std::shared_ptr<StapleKeeper>;

    [[nodiscard]] std::vector<Keeper> present();
    [[nodiscard]] net::Task<void> run();
    [[nodiscard]] net::Task<void> fetch(Keeper keeper);
    void start();

    net::asio::io_context loop_{1};
    OcspClient client_{loop_.get_executor()};
    net::Timer next_look_{loop_.get_executor()};
    std::set<Keeper> fetching_;
    std::mutex mutex_;
    std::vector<Keeper> keepers_;
    std::thread thread_;
};

}  // namespace hsmfront::runtime
