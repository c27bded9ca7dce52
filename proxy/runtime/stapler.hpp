// Stapler: keeps the OCSP responses of our certificates fresh, on a thread of its own.
#pragma once

#include "config/settings.hpp"
#include "proxy/admin/service_status.hpp"
#include "proxy/runtime/identities.hpp"
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
    /// Not after end() has returned false.
    ~Stapler();
    Stapler(const Stapler&) = delete;
    Stapler& operator=(const Stapler&) = delete;

    /// Has every certificate of `identities` stapled from now on, as tls.stapling says, for as long
    /// as it is served; a response in a file is there at once. What was obtained for a certificate
    /// outlives a reload. Before they are served; one thread; may block on files.
    void attach(const config::Settings& settings, const Identities& identities);

    /// Of each alias that is stapled for, as it is now. Any thread.
    [[nodiscard]] std::vector<admin::StapleStatus> status() const;

    /// Ends the thread. False if the system's resolver still looks up the name of a responder,
    /// which nothing can end: the process must end by _exit(2) then.
    [[nodiscard]] bool end();

  private:
    using Keeper = std::shared_ptr<StapleKeeper>;

    [[nodiscard]] std::shared_ptr<tls::StapleSlot> slot(
        const std::string& alias, const certs::Chain& chain, const StapleKeeper::Source& source
    );
    [[nodiscard]] std::vector<Keeper> present();
    [[nodiscard]] net::Task<void> run();
    [[nodiscard]] net::Task<void> fetch(Keeper keeper);
    void start();

    net::asio::io_context loop_{1};
    OcspClient client_{loop_.get_executor()};
    net::Timer next_look_{loop_.get_executor()};
    std::set<Keeper> fetching_;
    bool stopping_ = false;
    mutable std::mutex mutex_;
    std::vector<Keeper> keepers_;  ///< the newest last
    std::thread thread_;
};

}  // namespace hsmfront::runtime
