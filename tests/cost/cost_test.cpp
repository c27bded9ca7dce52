// A guard against slowdowns: instructions that the proxy executes for one unit of work, counted by
// callgrind (valgrind(1)). How client and proxy meet changes those of a request by a twentieth, and
// hardly anything else. Each bound is what was measured and a tenth more; what makes a unit cheaper
// lowers it. System calls count as nothing here, a copy of many bytes as an instruction a byte.
#include "tests/harness/files.hpp"
#include "tests/harness/ftps_client.hpp"
#include "tests/harness/http2_client.hpp"
#include "tests/harness/stage.hpp"
#include "tests/harness/tls_client.hpp"

#include <fstream>
#include <iostream>

namespace hsmfront::test {
namespace {

class Cost;

struct Work {
    const char* name;
    double bound;  ///< thousands of instructions for one unit
    int units;     ///< so many that what the start costs more or less is nothing beside them
    void (*carry_out)(Cost&, int units);
};

void PrintTo(const Work& work, std::ostream* out) { *out << work.name; }

class Cost : public Stage, public ::testing::WithParamInterface<Work> {
  protected:
    Cost() {
        // Keys are files: what SoftHSM2 costs is not ours.
        config.hsm.present = false;
        config.ftp.hsm = false;
        config.ftp.alias = "ec";
        config.http.hsm = false;
        config.certificates = Material::get().key_files();
        config.sandbox = "{ seccomp: false }";  // valgrind does not know the system call
        config.extra = "workers: 1\nlimits: { handshakes_per_address: 100000/s }\n";
    }

    /// Instructions, in thousands, of a whole life with `units` units of work.
    [[nodiscard]] double life(int units) {
        const auto counts = scratch() / ("callgrind." + std::to_string(units));
        config.wrapper = {
            "valgrind", "--quiet", "--tool=callgrind", "--callgrind-out-file=" + counts.string()};
        std::filesystem::remove(scratch() / "hsmfront.log");  // of another life, in which it is up
        start();
        GetParam().carry_out(*this, units);
        EXPECT_EQ(front->process().stop(60s), 0) << front->log();
        std::ifstream lines(counts);
        for (std::string word; lines >> word;) {
            if (word == "totals:" && lines >> word) {
                return std::stod(word) / 1000;
            }
        }
        ADD_FAILURE() << counts << " has no totals";
        return 0;
    }

  public:
    /// One kept connection.
    void requests(int units) {
        TlsClient client(config.http.port);
        for (int i = 0; i < units; ++i) {
            ASSERT_EQ(client.get("/small"), "small");
        }
    }

    /// One kept connection, one stream after the other.
    void requests2(int units) {
        const auto context = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>(
            SSL_CTX_new(TLS_client_method()), SSL_CTX_free
        );
        constexpr unsigned char protocols[] = {2, 'h', '2'};
        SSL_CTX_set_alpn_protos(context.get(), protocols, sizeof(protocols));
        Wire wire = Wire::connect("127.0.0.1", config.http.port);
        ASSERT_TRUE(wire.secure(context.get(), nullptr, "localhost"));
        Http2Client client(std::move(wire));
        client.greet();
        for (int i = 0; i < units; ++i) {
            const auto stream = static_cast<std::uint32_t>(2 * i + 1);
            client.request(stream, h2::request("GET", "/small"));
            ASSERT_TRUE(client.done(stream));
            ASSERT_EQ(client.stream(stream).body, "small");
        }
    }

    void handshakes(int units, int version, bool resumed) {
        TlsSession session;
        for (int i = 0; i < units + 1; ++i) {
            TlsClient client(config.http.port, session, {.version = version});
            ASSERT_TRUE(client.connected());
            ASSERT_EQ(client.resumed(), session != nullptr);
            ASSERT_EQ(client.get("/small"), "small");  // with it come TLS 1.3's tickets
            session = resumed ? client.session() : nullptr;
        }
    }

    /// A unit is a MiB.
    void download(int units) {
        write_file(nginx.root() / "content", content(units));
        const Outcome done =
            curl({"--http1.1", "-o", (scratch() / "got").string(), https("/content")});
        ASSERT_EQ(done.code, 0) << done.error;
    }

    void upload(int units) {
        write_file(scratch() / "content", content(units));
        const Outcome done =
            curl({"--http1.1", "-T", (scratch() / "content").string(), https("/uploaded")});
        ASSERT_EQ(done.code, 0) << done.error;
    }

    void ftps_download(int units) {
        write_file(vsftpd.root() / "content", content(units));
        FtpsClient client(config.ftp.explicit_port);
        log_in(client);
        ASSERT_EQ(retrieve(client, "content"), content(units).size());
    }

    void ftps_upload(int units) {
        FtpsClient client(config.ftp.explicit_port);
        log_in(client);
        Wire data = open_data(client);
        client.send("STOR uploaded");
        ASSERT_THAT(client.reply(), ::testing::StartsWith("150"));
        ASSERT_TRUE(client.secure_data(data));
        ASSERT_TRUE(data.send(content(units)));
        data.finish();
        ASSERT_THAT(client.reply(), ::testing::StartsWith("226"));
    }

    /// A unit is a file of 10 KiB, with a data connection of its own.
    void ftps_files(int units) {
        write_file(vsftpd.root() / "file", std::string(10'240, 'f'));
        FtpsClient client(config.ftp.explicit_port);
        log_in(client);
        for (int i = 0; i < units; ++i) {
            ASSERT_EQ(retrieve(client, "file"), 10'240U);
        }
    }

    void ftps_logins(int units) {
        for (int i = 0; i < units; ++i) {
            FtpsClient client(config.ftp.explicit_port);
            log_in(client);
            ASSERT_THAT(client.ask("QUIT"), ::testing::StartsWith("221"));
        }
    }

  private:
    static std::string content(int mebibytes) {
        return std::string(static_cast<std::size_t>(mebibytes) << 20U, 'c');
    }

    static void log_in(FtpsClient& client) {
        ASSERT_THAT(client.reply(), ::testing::StartsWith("220"));
        ASSERT_THAT(client.ask("AUTH TLS"), ::testing::StartsWith("234"));
        ASSERT_TRUE(client.secure());
        ASSERT_THAT(client.ask("USER ftp"), ::testing::StartsWith("331"));
        ASSERT_THAT(client.ask("PASS secret"), ::testing::StartsWith("230"));
        ASSERT_THAT(client.ask("PBSZ 0"), ::testing::StartsWith("200"));
        ASSERT_THAT(client.ask("PROT P"), ::testing::StartsWith("200"));
        ASSERT_THAT(client.ask("TYPE I"), ::testing::StartsWith("200"));
    }

    static Wire open_data(FtpsClient& client) {
        return client.connect_data(passive_port_in(client.ask("EPSV")));
    }

    /// The number of bytes that came.
    static std::size_t retrieve(FtpsClient& client, const std::string& name) {
        Wire data = open_data(client);
        client.send("RETR " + name);
        EXPECT_THAT(client.reply(), ::testing::StartsWith("150"));
        EXPECT_TRUE(client.secure_data(data));
        const Wire::Rest rest = data.rest();
        EXPECT_EQ(rest.ending, Ending::close_notify);
        data.finish();
        EXPECT_THAT(client.reply(), ::testing::StartsWith("226"));
        return rest.bytes.size();
    }
};

const Work works[] = {
    {"Request", 47.5, 1000, [](Cost& cost, int units) { cost.requests(units); }},
    {"Http2Request", 75, 1000, [](Cost& cost, int units) { cost.requests2(units); }},
    {"FullHandshakeTls13",
     3150,
     50,
     [](Cost& cost, int units) { cost.handshakes(units, TLS1_3_VERSION, false); }},
    {"FullHandshakeTls12",
     2410,
     50,
     [](Cost& cost, int units) { cost.handshakes(units, TLS1_2_VERSION, false); }},
    {"ResumedHandshakeTls13",
     2870,
     50,
     [](Cost& cost, int units) { cost.handshakes(units, TLS1_3_VERSION, true); }},
    {"ResumedHandshakeTls12",
     548,
     60,
     [](Cost& cost, int units) { cost.handshakes(units, TLS1_2_VERSION, true); }},
    {"DownloadMiB", 5520, 20, [](Cost& cost, int units) { cost.download(units); }},
    {"UploadMiB", 4620, 20, [](Cost& cost, int units) { cost.upload(units); }},
    {"FtpsDownloadMiB", 5550, 20, [](Cost& cost, int units) { cost.ftps_download(units); }},
    {"FtpsUploadMiB", 4530, 20, [](Cost& cost, int units) { cost.ftps_upload(units); }},
    {"FtpsFile", 3130, 50, [](Cost& cost, int units) { cost.ftps_files(units); }},
    {"FtpsLogin", 3330, 20, [](Cost& cost, int units) { cost.ftps_logins(units); }}};

INSTANTIATE_TEST_SUITE_P(Of, Cost, ::testing::ValuesIn(works), [](const auto& work) {
    return std::string(work.param.name);
});

TEST_P(Cost, StaysWithinItsBound) {
    const int units = GetParam().units;
    const double less = life(units / 10);
    const double each = (life(units) - less) / (units - units / 10);
    std::cout << GetParam().name << ": " << each << " thousand instructions\n";
    EXPECT_LT(each, GetParam().bound);
    EXPECT_GT(each, GetParam().bound / 2) << "cheaper by far: lower the bound, so that it guards";
}

}  // namespace
}  // namespace hsmfront::test
