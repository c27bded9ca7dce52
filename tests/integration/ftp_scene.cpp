#include "ftp_scene.hpp"

#include "tests/harness/material.hpp"

#include <random>

namespace hsmfront::test {

FtpScene::FtpScene() {
    config.hsm.present = false;
    config.certificates = Material::get().key_files();
    config.http.enabled = false;
    config.ftp.hsm = false;
    config.ftp.alias = "ec";
    config.ftp.backend_port = backend.port();
}

void FtpScene::TearDown() {
    data.close();
    behind.close();
    client.reset();
    backend.control().close();
    FrontStage::TearDown();
    if (front) {
        EXPECT_EQ(front->line_with("internal error"), "");
    }
}

void FtpScene::allow_clear() {
    clear_allowed = true;
    config.ftp.extra += "require_tls: { control: false, data: false }\n";
}

void FtpScene::connect(Mode mode) {
    if (!front) {
        start();
    }
    const bool implicit = mode == Mode::implicit_tls;
    const auto port = implicit ? config.ftp.implicit_port : config.ftp.explicit_port;
    client = std::make_unique<FtpsClient>(port, options);
    if (implicit) {
        ASSERT_TRUE(client->secure());
    }
    if (implicit || clear_allowed) {
        ASSERT_TRUE(backend.greet());
    }
    ASSERT_THAT(client->reply(), StartsWith("220"));
    protect = implicit;
}

void FtpScene::auth() {
    ASSERT_THAT(client->ask("AUTH TLS"), StartsWith("234"));
    ASSERT_TRUE(client->secure());
    ASSERT_TRUE(backend.greet());
}

void FtpScene::log_in(Mode mode) {
    ASSERT_NO_FATAL_FAILURE(connect(mode));
    if (mode == Mode::explicit_tls) {
        ASSERT_NO_FATAL_FAILURE(auth());
    }
    ASSERT_TRUE(relayed("USER ann", "230 in"));
    if (mode != Mode::clear) {
        ASSERT_THAT(client->ask("PBSZ 0"), StartsWith("200"));
        ASSERT_THAT(client->ask("PROT P"), StartsWith("200"));
        protect = true;
    }
}

bool FtpScene::relayed(const std::string& command, const std::string& reply) {
    client->send(command);
    const std::string seen = backend.command();
    EXPECT_EQ(seen, command);
    if (seen != command) {
        return false;
    }
    backend.reply(reply);
    const std::string answer = client->reply();
    EXPECT_EQ(answer, reply);
    return answer == reply;
}

std::uint16_t FtpScene::passive() {
    client->send("EPSV");
    EXPECT_TRUE(backend.answer_epsv());
    const std::string reply = client->reply();
    const auto port = passive_port_in(reply);
    EXPECT_NE(port, 0) << reply;
    return port;
}

void FtpScene::order(const std::string& command) {
    client->send(command);
    behind = backend.accept_data();
    ASSERT_TRUE(behind.open());
    ASSERT_EQ(backend.command(), command);
}

void FtpScene::begin(const std::string& command) {
    const auto port = passive();
    ASSERT_NE(port, 0);
    ASSERT_NO_FATAL_FAILURE(order(command));
    backend.reply("150 here");
    ASSERT_EQ(client->reply(), "150 here");
    data = client->connect_data(port);
    ASSERT_TRUE(data.open());
    if (protect) {
        ASSERT_TRUE(client->secure_data(data));
    }
}

void FtpScene::begin_upload() {
    log_in();
    begin("STOR a");
    ASSERT_TRUE(data.send("some"));
    ASSERT_EQ(behind.take(4), "some");
}

void FtpScene::begin_download() {
    log_in();
    begin("RETR a");
    ASSERT_TRUE(behind.send("some"));
    ASSERT_EQ(data.take(4), "some");
}

void FtpScene::serve_some() {
    ASSERT_TRUE(behind.send(some()));
    behind.close();
    backend.reply("226 done");
}

void FtpScene::expect_some() {
    const auto got = data.rest();
    EXPECT_TRUE(got.bytes == some()) << got.bytes.size() << " bytes";
    EXPECT_EQ(got.ending, protect ? Ending::close_notify : Ending::fin);
    data.finish();  // OpenSSL does not resume a session whose close_notify was left out
    EXPECT_EQ(client->reply(), "226 done");
}

void FtpScene::answer_abor() {
    ASSERT_EQ(backend.command(), "ABOR");
    backend.reply("426 broken");
    backend.reply("226 aborted");
}

const std::string& some() {
    static const std::string bytes = [] {
        std::string made(100'000, '\0');
        std::mt19937 generator(1);
        for (char& byte : made) {
            byte = static_cast<char>(generator());
        }
        return made;
    }();
    return bytes;
}

}  // namespace hsmfront::test
