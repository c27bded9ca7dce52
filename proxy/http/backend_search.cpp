#include "proxy/http/backend_search.hpp"

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

void BackendSearch::interrupt(error_code reason) noexcept { interrupted_ = reason; }

}  // namespace hsmfront::http
