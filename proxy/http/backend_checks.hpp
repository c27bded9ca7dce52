// BackendChecks: asks the backend servers from time to time whether they are well.
#pragma once

#include "proxy/http/backend_addresses.hpp"
#include "proxy/http/backend_board.hpp"
#include "proxy/net/session.hpp"

#include <memory>
#include <vector>

namespace hsmfront::http {

/// GET on a connection of its own, every `interval` give or take a tenth. Ends when destroyed, when
/// the board is retired and when the worker drains. On one worker.
class BackendChecks {
  public:
    struct Target {
        std::shared_ptr<BackendServer> server;
        std::shared_ptr<BackendAddresses> addresses;
    };

    /// `worker` outlives the coroutines, which end soon after this object.
    BackendChecks(
        net::WorkerContext& worker,
        const config::HttpHealth& settings,
        std::shared_ptr<const BackendBoard> board,
        const std::vector<Target>& targets
    );
    ~BackendChecks();
    BackendChecks(const BackendChecks&) = delete;
    BackendChecks& operator=(const BackendChecks&) = delete;

  private:
    class Check;
    static net::Task<void> run(std::shared_ptr<Check> check);

    std::vector<std::shared_ptr<Check>> checks_;  ///< each shared with its run() only
};

}  // namespace hsmfront::http
