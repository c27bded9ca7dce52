#include "http2_scene.hpp"

#include "tests/harness/stage.hpp"

#include <sstream>

namespace hsmfront::test {

Http2Scene::Http2Scene() : context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free) {}

void Http2Scene::TearDown() {
    client2.wire().close();
    behind.close();
    PlayedHttp::TearDown();
}

Wire Http2Scene::agree(const std::string& protocols) {
    if (!front) {
        start();
    }
    std::string wire_format;
    std::istringstream list(protocols);
    for (std::string one; std::getline(list, one, ',');) {
        wire_format += static_cast<char>(one.size()) + one;
    }
    SSL_CTX_set_alpn_protos(
        context_.get(),
        reinterpret_cast<const unsigned char*>(wire_format.data()),
        static_cast<unsigned>(wire_format.size())
    );
    Wire wire = Wire::connect("127.0.0.1", config.http.port);
    if (wire.open() && !wire.secure(context_.get(), nullptr, "localhost")) {
        wire.close();
    }
    return wire;
}

Http2Client Http2Scene::connect2(std::string_view settings) {
    Http2Client made(agree());
    made.greet(settings);
    return made;
}

HttpMessage Http2Scene::head_behind2(std::uint32_t stream, const h2::Fields& fields, bool ended) {
    if (!client2.wire().open()) {
        client2 = connect2();
    }
    client2.request(stream, fields, ended);
    behind = backend.accept();
    const Reading reading = read_requests(behind.open() ? behind.until("\r\n\r\n") : "");
    EXPECT_EQ(reading.fault, "");
    HttpMessage head;
    // A head whose content is yet to come is no whole message.
    const Reading alone = read_requests(reading.rest + (reading.rest.empty() ? "" : "0\r\n\r\n"));
    if (!reading.messages.empty()) {
        head = reading.messages.front();
    } else if (!alone.messages.empty()) {
        head = alone.messages.front();
    }
    return head;
}

Http2Client::Stream& Http2Scene::answered2(std::uint32_t stream, const std::string& answer) {
    behind.send(answer);
    EXPECT_TRUE(client2.done(stream));
    return client2.stream(stream);
}

void Http2Scene::expect_malformed(const h2::Fields& fields, bool ended) {
    if (!client2.wire().open()) {
        client2 = connect2();
    }
    const std::uint32_t id = next_malformed_;
    next_malformed_ += 2;
    client2.request(id, fields, ended);
    EXPECT_TRUE(client2.done(id));
    EXPECT_EQ(client2.stream(id).reset, h2::protocol_error);
    EXPECT_EQ(client2.stream(id).status(), 0);
    EXPECT_TRUE(client2.round_trip());
    EXPECT_FALSE(backend.accept(20ms).open()) << "the backend was asked";
}

void Http2Scene::expect_memory_below(std::uint64_t kib) const {
    if (!sanitized) {
        EXPECT_LT(front->private_memory_kib(), kib);
    }
}

bool Http2Scene::serves(std::uint32_t stream) {
    client2.request(stream, h2::request("GET", "/more"));
    if (!behind.open()) {
        behind = backend.accept();
    }
    std::string head = behind.until("\r\n\r\n");
    if (head.empty()) {
        behind = backend.accept();
        head = behind.until("\r\n\r\n");
    }
    behind.send(ok_with("more"));
    return head.starts_with("GET /more HTTP/1.1\r\n") && client2.done(stream) &&
           client2.stream(stream).body == "more";
}

}  // namespace hsmfront::test
