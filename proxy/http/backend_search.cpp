#include "proxy/http/backend_search.hpp"

#include <utility>

namespace hsmfront::http {

net::Task<Result<std::unique_ptr<BackendConnection>>> BackendSearch::next(Kind kind) {
    if (interrupted_) {
        co_return interrupted_;
    }
    if (kind == Kind::any) {
        std::unique_ptr<BackendConnection> idle = backends_.take();
        if (idle != nullptr) {
            co_return idle;
        }
    }
    Result<std::unique_ptr<BackendConnection>> connected = co_await backends_.connect();
    if (interrupted_) {
        co_return interrupted_;
    }
    co_return connected;
}

void BackendSearch::give_back(std::unique_ptr<BackendConnection> connection) {
    backends_.give_back(std::move(connection));
}

void BackendSearch::interrupt(error_code reason) noexcept { interrupted_ = reason; }

}  // namespace hsmfront::http
