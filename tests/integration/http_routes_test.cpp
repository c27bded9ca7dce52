// Routes through the real binary: each request reaches the backend of its host and path.
#include "http_scene.hpp"

namespace hsmfront::test {
namespace {

class HttpRouted : public PlayedHttp {
  protected:
    HttpRouted() {
        const auto backend_at = [](const WireListener& listener) {
            return "backend: { address: 127.0.0.1, port: " + std::to_string(listener.port()) + " }";
        };
        config.http.extra = "hosts: { other.example: { alias: rsa, " + backend_at(other_host) +
                            " } }\nroutes: [{ path: /api, " + backend_at(api) + " }]\n";
    }

    /// The first line of what `listener` gets for `request`; it answers with `body`.
    std::string reaches(WireListener& listener, const std::string& request) {
        client.send(request);
        Wire there = listener.accept();
        const std::string head = there.until("\r\n\r\n");
        there.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody");
        EXPECT_THAT(client.until("\r\n\r\n"), StartsWith("HTTP/1.1 200 OK\r\n"));
        EXPECT_EQ(client.take(4), "body");
        return head.substr(0, head.find("\r\n"));
    }

    /// The first line of our own answer to `request`.
    std::string refused(const std::string& request) {
        client.send(request);
        const std::string head = client.until("\r\n\r\n");
        const HttpMessage message = read_responses(head, {"HEAD"}).messages.at(0);
        (void)client.take(std::stoul(message.field("Content-Length")));
        return head.substr(0, head.find("\r\n"));
    }

    WireListener api;
    WireListener other_host;
};

TEST_F(HttpRouted, RequestsOfOneConnectionGoWhereTheirPathsSay) {
    client = connect();
    EXPECT_EQ(reaches(backend, get("/")), "GET / HTTP/1.1");
    EXPECT_EQ(reaches(api, get("/api/a%2Fb?c")), "GET /api/a%2Fb?c HTTP/1.1");
    EXPECT_EQ(reaches(backend, get("/apis")), "GET /apis HTTP/1.1");
    EXPECT_EQ(reaches(api, get("/api")), "GET /api HTTP/1.1");
    EXPECT_EQ(
        reaches(backend, "GET http://LOCALHOST/x HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        "GET /x HTTP/1.1"
    );
}

TEST_F(HttpRouted, PathsOfTwoMeaningsAreRefused) {
    client = connect();
    for (const char* const path : {"/api/../admin", "/api/%2e%2e/admin", "/%2Fapi", "//api"}) {
        EXPECT_EQ(refused(get(path)), "HTTP/1.1 400 Bad Request") << path;
    }
    EXPECT_EQ(reaches(api, get("/api/x")), "GET /api/x HTTP/1.1") << "the connection goes on";
}

TEST_F(HttpRouted, AHostOfAnotherCertificateIsMisdirected) {
    client = connect();
    const std::string misdirected = "HTTP/1.1 421 Misdirected Request";
    EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: other.example\r\n\r\n"), misdirected);
    EXPECT_EQ(
        refused("GET https://Other.Example/ HTTP/1.1\r\nHost: localhost\r\n\r\n"), misdirected
    );
    EXPECT_EQ(reaches(backend, get("/")), "GET / HTTP/1.1") << "the connection goes on";
}

TEST_F(HttpRouted, TheHostOfTheServerNameHasItsOwnBackend) {
    client = connect("127.0.0.1", "other.example");
    const std::string request = "GET /api HTTP/1.1\r\nHost: other.example\r\n\r\n";
    EXPECT_EQ(reaches(other_host, request), "GET /api HTTP/1.1");
    EXPECT_EQ(refused(get("/")), "HTTP/1.1 421 Misdirected Request");
}

}  // namespace
}  // namespace hsmfront::test
