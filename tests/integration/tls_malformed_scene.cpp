// MalformedScene: every place where a client's TLS begins, and a good client beside the bad ones.
#include "tls_malformed_scene.hpp"

#include <sstream>

namespace hsmfront::test {

namespace fs = std::filesystem;
using ::testing::StartsWith;

std::string name_of(TlsDoor door) {
    static constexpr std::array<const char*, 4> names{"Https", "Implicit", "AuthTls", "Data"};
    return names.at(static_cast<std::size_t>(door));
}

MalformedScene::MalformedScene() {
    write_file(vsftpd.root() / "small", "small");
    write_file(nginx.root() / "small", "small");
    config.extra += "admin: { socket: " + (scratch() / "admin.sock").string() +
                    " }\nlimits: { per_address: 5000, handshakes_per_address: 100000/s }\n";
}

void MalformedScene::begin() {
    start();
    ASSERT_EQ(TlsClient(config.http.port).get("/small"), "small");
    log_in();
    ASSERT_TRUE(eventually([this] { return metric("hsmfront_connections") == 1; }));
    descriptors_at_rest_ = descriptors();
    good = std::make_unique<GoodClient>(config.http.port);
}

void MalformedScene::finish() {
    EXPECT_TRUE(eventually([this] { return good->served() > 20; }));
    EXPECT_EQ(good->refused(), 0);
    good.reset();
    EXPECT_TRUE(eventually([this] { return metric("hsmfront_connections") == 1; }))
        << metric("hsmfront_connections") << " connections";
    // Connections to the backend are kept, as many as were used at once.
    EXPECT_TRUE(eventually([this] { return descriptors() <= descriptors_at_rest_ + 4; }))
        << descriptors() << " instead of " << descriptors_at_rest_ << " descriptors";
    EXPECT_THAT(control->ask("NOOP"), StartsWith("200"));
    control.reset();
    EXPECT_EQ(front->line_with("internal error"), "");
    EXPECT_EQ(front->error_lines(), 0U);
}

void MalformedScene::log_in() {
    control = std::make_unique<FtpsClient>(config.ftp.explicit_port);
    ASSERT_THAT(control->reply(), StartsWith("220"));
    ASSERT_THAT(control->ask("AUTH TLS"), StartsWith("234"));
    ASSERT_TRUE(control->secure());
    ASSERT_THAT(control->ask("USER ftp"), StartsWith("331"));
    ASSERT_THAT(control->ask("PASS secret"), StartsWith("230"));
    ASSERT_THAT(control->ask("PBSZ 0"), StartsWith("200"));
    ASSERT_THAT(control->ask("PROT P"), StartsWith("200"));
    ASSERT_THAT(control->ask("TYPE I"), StartsWith("200"));
}

Wire MalformedScene::enter(TlsDoor door, const std::string& transfer) {
    if (door == TlsDoor::ftps_data) {
        const std::uint16_t port = passive_port_in(control->ask("EPSV"));
        control->send(transfer);
        return control->connect_data(port);
    }
    const auto port = door == TlsDoor::https           ? config.http.port
                      : door == TlsDoor::implicit_ftps ? config.ftp.implicit_port
                                                       : config.ftp.explicit_port;
    Wire wire = Wire::connect("127.0.0.1", port);
    if (door == TlsDoor::auth_tls) {
        EXPECT_THAT(wire.line(), StartsWith("220"));
        wire.send("AUTH TLS\r\n");
        EXPECT_THAT(wire.line(), StartsWith("234"));
    }
    return wire;
}

void MalformedScene::leave(TlsDoor door) {
    if (door == TlsDoor::ftps_data) {
        std::string reply = control->reply();
        if (reply.starts_with("150")) {
            reply = control->reply();
        }
        EXPECT_THAT(reply, StartsWith("522"));
    }
}

MalformedScene::Answer MalformedScene::refusal(TlsDoor door, const std::string& bytes, bool fin) {
    Wire wire = enter(door);
    wire.send(bytes);
    if (fin) {
        wire.send_fin();
    }
    auto rest = wire.rest();
    leave(door);
    return {rest.bytes, alert_in(rest.bytes), rest.ending};
}

bool MalformedScene::carry(Wire& wire, CarriedClient& client, const Change& first) {
    for (const std::string& piece : first(client.step())) {
        if (!wire.send(piece)) {
            return false;
        }
    }
    while (!client.done()) {
        const std::string bytes = wire.take(1);
        if (bytes.empty()) {
            return false;
        }
        client.receive(bytes + wire.available().bytes);
        if (!wire.send(client.step())) {
            return false;
        }
    }
    return true;
}

void MalformedScene::carry_rest(Wire& wire, CarriedClient& client) {
    client.receive(wire.rest().bytes);
    static_cast<void>(client.step());
    static_cast<void>(client.read());
}

bool MalformedScene::is_served(TlsDoor door, Wire& wire, CarriedClient& client) {
    const char* request = door == TlsDoor::https       ? "GET /small HTTP/1.0\r\n\r\n"
                          : door == TlsDoor::ftps_data ? ""
                                                       : "NOOP\r\n";
    if (*request != '\0') {
        wire.send(client.sealed(request));
    }
    std::string got = client.read();
    while (got.empty()) {
        const std::string bytes = wire.take(1);
        if (bytes.empty()) {
            return false;
        }
        client.receive(bytes + wire.available().bytes);
        got = client.read();
    }
    return got.starts_with(
        door == TlsDoor::https       ? "HTTP/1."
        : door == TlsDoor::ftps_data ? "small"
                                     : ""
    );
}

std::string MalformedScene::metrics() const {
    return run({program(), "status", "--metrics", "-c", scratch() / "hsmfront.yaml"},
               60s,
               token.environment())
        .out;
}

long MalformedScene::metric(const std::string& sample) const { return value_in(metrics(), sample); }

std::size_t MalformedScene::descriptors() const {
    fs::directory_iterator all("/proc/" + std::to_string(front->process().pid()) + "/fd");
    return static_cast<std::size_t>(std::distance(all, fs::directory_iterator()));
}

long value_in(const std::string& metrics, const std::string& sample) {
    std::istringstream lines(metrics);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with(sample + " ")) {
            return std::stol(line.substr(sample.size() + 1));
        }
    }
    return -1;
}

}  // namespace hsmfront::test
