#include "http_scene.hpp"

#include "tests/harness/material.hpp"

namespace hsmfront::test {

HttpScene::HttpScene() : context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free) {
    config.hsm.present = false;
    config.certificates = Material::get().key_files();
    config.ftp.enabled = false;
    config.http.hsm = false;
    config.extra = "workers: 1\n";
}

void HttpScene::TearDown() {
    FrontStage::TearDown();
    if (front) {
        EXPECT_EQ(front->line_with("internal error"), "");
    }
}

Wire HttpScene::connect(const std::string& address, const std::string& server_name) {
    if (!front) {
        start();
    }
    Wire wire = Wire::connect(address, config.http.port);
    if (wire.open() && !wire.secure(context_.get(), nullptr, server_name)) {
        wire.close();
    }
    return wire;
}

void PlayedHttp::TearDown() {
    backend.close();
    behind.close();
    client.close();
    HttpScene::TearDown();
}

std::string PlayedHttp::head_behind(const std::string& request) {
    client = connect();
    client.send(request);
    behind = backend.accept();
    return behind.open() ? behind.until("\r\n\r\n") : "";
}

HttpMessage PlayedHttp::request_behind(const std::string& request) {
    return read_head(head_behind(request));
}

HttpMessage PlayedHttp::answered(const std::string& request, const std::string& answer) {
    EXPECT_FALSE(head_behind(request).empty());
    behind.send(answer);
    std::string bytes = client.until("\r\n\r\n");
    const auto method = request.substr(0, request.find(' '));
    if (method != "HEAD") {
        const std::string length = read_head(bytes).field("Content-Length");
        bytes += client.take(length.empty() ? 0 : std::stoul(length));
    }
    const Reading whole = read_responses(bytes, {method});
    EXPECT_EQ(whole.fault + whole.rest, "");
    return whole.messages.empty() ? HttpMessage() : whole.messages.front();
}

std::string PlayedHttp::refusal(const std::string& request) {
    client = connect();
    client.send(request);
    const Wire::Rest answer = client.rest();
    EXPECT_EQ(answer.ending, Ending::close_notify);
    EXPECT_THAT(answer.bytes, HasSubstr("\r\nConnection: close\r\n"));
    EXPECT_FALSE(backend.accept(50ms).open()) << "the backend was asked";
    return answer.bytes.substr(0, answer.bytes.find("\r\n"));
}

bool PlayedHttp::goes_on() {
    client.send(get("/more"));
    const bool asked = behind.until("\r\n\r\n").starts_with("GET /more HTTP/1.1\r\n");
    behind.send(ok_with("more"));
    return asked && client.until("\r\n\r\n").starts_with("HTTP/1.1 200 OK") &&
           client.take(4) == "more";
}

std::string get(const std::string& path, const std::string& fields) {
    return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n";
}

std::string post(const std::string& path, const std::string& fields, const std::string& body) {
    return "POST " + path + " HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n" + body;
}

}  // namespace hsmfront::test
