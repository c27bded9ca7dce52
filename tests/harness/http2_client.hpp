// Http2Client: HTTP/2 by hand, frame for frame, so that a test can send what no library would.
#pragma once

#include "tests/harness/wire.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct nghttp2_hd_inflater;

namespace hsmfront::test {

namespace h2 {

enum Type : std::uint8_t {
    data = 0,
    headers = 1,
    priority = 2,
    rst_stream = 3,
    settings = 4,
    ping = 6,
    goaway = 7,
    window_update = 8,
    continuation = 9
};
enum Flag : std::uint8_t { none = 0, ack = 1, end_stream = 1, end_headers = 4, padded = 8 };
/// RFC 9113 §7.
enum Error : std::uint32_t {
    no_error = 0,
    protocol_error = 1,
    internal_error = 2,
    flow_control_error = 3,
    settings_timeout = 4,
    stream_closed = 5,
    refused_stream = 7,
    cancel = 8,
    compression_error = 9,
    enhance_your_calm = 11
};

using Fields = std::vector<std::pair<std::string, std::string>>;

[[nodiscard]] std::string frame(
    std::uint8_t type, std::uint8_t flags, std::uint32_t stream, std::string_view payload = {}
);
/// A number in network order.
[[nodiscard]] std::string number(std::uint64_t value, std::size_t bytes);
/// A field block, each line a literal that is not indexed, and nothing checked (RFC 7541 §6.2.2).
[[nodiscard]] std::string block(const Fields& fields);
/// The pseudo-header fields of a request to localhost, then `more`.
[[nodiscard]] Fields request(
    const std::string& method, const std::string& path, const Fields& more = {}
);

}  // namespace h2

class Http2Client {
  public:
    /// What came on a stream.
    struct Stream {
        std::vector<h2::Fields> interim;  ///< 1xx
        h2::Fields fields;
        std::string body;
        h2::Fields trailers;
        bool ended = false;                  ///< END_STREAM
        std::optional<std::uint32_t> reset;  ///< code of RST_STREAM
        [[nodiscard]] int status() const;
        [[nodiscard]] std::string field(std::string_view name) const;
        [[nodiscard]] bool done() const { return ended || reset.has_value(); }
    };
    struct GoAway {
        std::uint32_t last = 0;
        std::uint32_t error = 0;
    };

    /// `wire` is one that has agreed on h2, or none.
    explicit Http2Client(Wire wire = {});
    ~Http2Client();
    Http2Client(Http2Client&&) noexcept;
    Http2Client& operator=(Http2Client&&) noexcept;

    /// Preface and SETTINGS; `settings` as the frame's payload.
    void greet(std::string_view settings = {});
    /// False if the proxy does not take it.
    bool send(std::string_view frames) { return wire_.send(frames); }
    /// HEADERS with END_HEADERS.
    bool request(std::uint32_t stream, const h2::Fields& fields, bool ended = true);
    bool data(std::uint32_t stream, std::string_view content, bool ended);
    bool reset(std::uint32_t stream, std::uint32_t error = h2::cancel);
    bool grant(std::uint32_t stream, std::uint32_t window);

    /// Receives until `enough` holds. False: the connection ended, or 20 s passed.
    bool await(const std::function<bool()>& enough);
    /// Receives until the stream has ended either way; false as above.
    bool done(std::uint32_t stream);
    /// Receives until the connection has ended, and closes it; true if in order.
    bool closed();
    /// Sends a PING and receives until it comes back: all that was sent before was dealt with.
    bool round_trip();

    [[nodiscard]] Stream& stream(std::uint32_t id) { return streams_[id]; }
    [[nodiscard]] const std::vector<GoAway>& goaways() const { return goaways_; }
    /// By identifier, as the proxy announced them.
    [[nodiscard]] const std::map<unsigned, std::uint32_t>& settings() const { return settings_; }
    /// Sum of the WINDOW_UPDATE of a stream; 0: the connection.
    [[nodiscard]] std::uint64_t window(std::uint32_t stream) { return windows_[stream]; }
    [[nodiscard]] Ending ending() const { return ending_; }
    [[nodiscard]] Wire& wire() { return wire_; }
    /// Whether what is received of DATA is acknowledged at once.
    bool generous = true;
    /// Whether SETTINGS are acknowledged.
    bool settling = true;

  private:
    bool receive();
    void take(
        std::uint8_t type, std::uint8_t flags, std::uint32_t stream, std::string_view payload
    );
    void take_fields(Stream& stream, std::string_view block, bool ended);
    void take_settings(std::uint8_t flags, std::string_view payload);

    Wire wire_;
    std::unique_ptr<nghttp2_hd_inflater, void (*)(nghttp2_hd_inflater*)> inflater_;
    std::string block_;  ///< of a section that is not complete
    bool block_ends_ = false;
    std::map<std::uint32_t, Stream> streams_;
    std::vector<GoAway> goaways_;
    std::map<unsigned, std::uint32_t> settings_;
    std::map<std::uint32_t, std::uint64_t> windows_;
    std::size_t pongs_ = 0;
    Ending ending_ = Ending::silence;
};

}  // namespace hsmfront::test
