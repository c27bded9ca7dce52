// Http1Connection: requests over HTTP/1.1, one after the other.
#pragma once

#include "bench/clients/request_connection.hpp"

namespace hsmfront::bench {

class Http1Connection : public RequestConnection {
  public:
    Http1Connection(
        SSL_CTX* ctx,
        const Endpoint& to,
        int number,
        const Request& request,
        RequestObserver& observer
    );

    void start(Clock::time_point since) override;

  private:
    void advance() override;
    bool send();
    bool receive();
    bool take_head();
    void take_body(std::uint64_t bytes);
    void take_chunks(std::string_view bytes);

    std::string head_out_;
    std::uint64_t upload_;
    Clock::time_point since_;
    bool busy_ = false;

    std::size_t head_sent_ = 0;
    std::uint64_t body_left_out_ = 0;

    std::string head_in_;  ///< of the answer, while it is not complete
    bool in_body_ = false;
    std::uint64_t body_left_ = 0;
    bool chunked_ = false;
    std::string tail_;  ///< last bytes of a chunked answer, to see its end
};

}  // namespace hsmfront::bench
