// Http2Connection: requests over HTTP/2, as many at a time as are started.
#pragma once

#include "bench/clients/request_connection.hpp"

#include <map>
#include <nghttp2/nghttp2.h>

namespace hsmfront::bench {

struct Http2Deleter {
    void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
};

class Http2Connection : public RequestConnection {
  public:
    Http2Connection(
        SSL_CTX* ctx,
        const Endpoint& to,
        int number,
        const Request& request,
        RequestObserver& observer
    );

    void start(Clock::time_point since) override;

  private:
    void advance() override;
    void make_session();
    bool send();
    bool receive();

    static int on_header(
        nghttp2_session* session,
        const nghttp2_frame* frame,
        const uint8_t* name,
        std::size_t name_size,
        const uint8_t* value,
        std::size_t value_size,
        uint8_t flags,
        void* self
    );
    static int on_data(
        nghttp2_session* session,
        uint8_t flags,
        int32_t stream,
        const uint8_t* data,
        std::size_t size,
        void* self
    );
    static int on_close(nghttp2_session* session, int32_t stream, uint32_t error, void* self);
    static ssize_t read_content(
        nghttp2_session* session,
        int32_t stream,
        uint8_t* into,
        std::size_t size,
        uint32_t* flags,
        nghttp2_data_source* source,
        void* self
    );

    struct Stream {
        Clock::time_point since;
        std::uint64_t upload_left;
    };

    const Request& request_;
    std::map<int32_t, Stream> streams_;
    std::string pending_;  ///< frames that the socket did not take yet
    std::unique_ptr<nghttp2_session, Http2Deleter> session_;
};

}  // namespace hsmfront::bench
