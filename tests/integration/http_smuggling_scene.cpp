#include "http_smuggling_scene.hpp"

namespace hsmfront::test {
namespace {

std::string understood(const HttpMessage& request) {
    return request.method() + ' ' + request.target() + ' ' + request.body;
}

std::vector<std::string> methods_of(const std::vector<HttpMessage>& requests) {
    std::vector<std::string> methods;
    for (const auto& request : requests) {
        methods.push_back(request.method());
    }
    return methods;
}

}  // namespace

const std::string& smuggled() {
    static const std::string request = get("/smuggled");
    return request;
}

SmugglingScene::SmugglingScene()
    : origin([](const HttpMessage& request) {
          const std::string answer = ok_with(understood(request));
          const bool head = request.method() == "HEAD";
          return OriginAnswer{head ? answer.substr(0, answer.find("\r\n\r\n") + 4) : answer};
      }) {
    config.http.backend_port = origin.port();
}

void SmugglingScene::expect_all(const std::vector<Smuggling>& vectors, Begun begun) {
    for (const auto& vector : vectors) {
        SCOPED_TRACE(vector.name + "\n" + vector.bytes);
        expect_one(vector, begun);
    }
}

void SmugglingScene::expect_one(const Smuggling& vector, Begun begun) {
    Wire client = connect();
    ASSERT_TRUE(client.open());
    client.send(vector.bytes);
    client.finish();
    const Wire::Rest received = origin.serve(client);
    EXPECT_NE(received.ending, Ending::silence);

    const Reading seen = origin.take();
    EXPECT_EQ(seen.fault, "") << seen.rest;
    if (begun == Begun::no) {
        EXPECT_EQ(seen.rest, "");
    }
    const Reading answers = read_responses(received.bytes, methods_of(seen.messages));
    EXPECT_EQ(answers.fault + answers.rest, "");
    std::string statuses;
    std::size_t served = 0;
    for (const auto& answer : answers.messages) {
        statuses += (statuses.empty() ? "" : " ") + std::to_string(answer.status());
        if (answer.status() == 200) {
            ASSERT_LT(served, seen.messages.size());
            const HttpMessage& request = seen.messages[served++];
            EXPECT_THAT(request.target(), Not(HasSubstr("smuggled")));
            if (request.method() != "HEAD") {
                EXPECT_EQ(answer.body, understood(request));
            }
        }
    }
    EXPECT_EQ(statuses, vector.statuses);
    EXPECT_EQ(served, seen.messages.size()) << "the origin served what nobody was answered for";
}

}  // namespace hsmfront::test
