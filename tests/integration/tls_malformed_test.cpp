// Malformed TLS ends with the right alert at every door, and nobody else notices.
#include "tls_malformed_scene.hpp"

#include <random>

namespace hsmfront::test {
namespace {

using namespace std::string_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr int none = -1;
constexpr int any = -2;  ///< also none
constexpr std::size_t most_plain = 16384;

/// Alerts by their names in RFC 8446 §6 and RFC 5246 §7.2.
enum AlertDescription {
    unexpected_message = 10,
    bad_record_mac = 20,
    record_overflow = 22,
    handshake_failure = 40,
    illegal_parameter = 47,
    decode_error = 50,
    protocol_version = 70,
    no_renegotiation = 100,
    missing_extension = 109,
    unrecognized_name = 112,
    no_application_protocol = 120,
};

struct Case {
    const char* name;
    std::string bytes;
    int alert;
    bool fin = false;  ///< what is cut short is followed by FIN
};

std::string repeated(std::size_t times, const std::string& text) {
    std::string all;
    for (std::size_t i = 0; i < times; ++i) {
        all += text;
    }
    return all;
}

Hello hello_with(std::uint16_t type, const std::string& content) {
    Hello hello;
    hello.extensions.push_back({type, content});
    return hello;
}

std::string changed(const std::function<void(Hello&)>& change) {
    Hello hello;
    change(hello);
    return hello.wire();
}

std::vector<Case> records() {
    const std::string good = real_hello();
    const auto handshake = Content::handshake;
    return {
        {"HeaderCutShort", "\x16\3\1", decode_error, true},
        {"BodyCutShort", good.substr(0, good.size() / 2), decode_error, true},
        {"LongerThanAnyRecord", record_of_length(handshake, 0xffff, "x"), record_overflow},
        {"LongerThanEncrypted",
         record_of_length(handshake, most_plain + 2049, "x"),
         record_overflow},
        {"LongerThanPlain",
         record_of_length(handshake, most_plain + 1, std::string(most_plain + 1, '\1')),
         record_overflow},
        {"EmptyRecords", repeated(40, record(handshake, "")), unexpected_message},
        {"ApplicationDataFirst", record(Content::data, "GET /"), unexpected_message},
        {"ChangeCipherSpecFirst", record(Content::ccs, "\1"), unexpected_message},
        {"ChangeCipherSpecs", repeated(100, record(Content::ccs, "\1")), unexpected_message},
        {"Heartbeat", record(Content::heartbeat, "\1\xff\xff"), unexpected_message},
        {"NoSuchContentType", record(static_cast<Content>(99), "x"), unexpected_message},
        {"NoSuchVersion", "\x16\4\0\0\1x"s, none},
    };
}

std::vector<Case> messages() {
    const auto in_record = [](const std::string& message) {
        return record(Content::handshake, message);
    };
    return {
        {"Huge", in_record("\1\xff\xff\xff" + std::string(100, 'x')), illegal_parameter},
        {"Finished", in_record(handshake_message(20, std::string(32, 'x'))), unexpected_message},
        {"ServerHello", in_record(handshake_message(2, std::string(40, 'x'))), unexpected_message},
        {"HelloRequest", in_record(handshake_message(0, "")), unexpected_message},
        {"NoSuchType", in_record(handshake_message(77, "x")), unexpected_message},
        {"EmptyHello", in_record(handshake_message(1, "")), decode_error},
        {"HelloWithMoreBehind",
         in_record(handshake_message(1, Hello().body() + "x")),
         decode_error},
        {"TwoHellosInOneRecord",
         in_record(handshake_message(1, Hello().body()) + handshake_message(1, Hello().body())),
         unexpected_message},
        {"TwoHellos", Hello().wire() + Hello().wire(), unexpected_message},
        {"DataBehindHello", Hello().wire() + record(Content::data, "x"), unexpected_message},
        {"CcsBehindHello", Hello().wire() + record(Content::ccs, "\1"), unexpected_message},
    };
}

std::vector<Case> hellos() {
    const std::string sni = sized(2, "\0"s + sized(2, "localhost"));
    return {
        {"Tls10", changed([](Hello& h) { h.version = "\3\1"; }), protocol_version},
        {"Tls11", changed([](Hello& h) { h.version = "\3\2"; }), protocol_version},
        {"NoCiphers", changed([](Hello& h) { h.ciphers = ""; }), illegal_parameter},
        {"HalfACipher", changed([](Hello& h) { h.ciphers = "\xc0"; }), decode_error},
        {"NoCipherInCommon", changed([](Hello& h) { h.ciphers = "\0\x2f"s; }), handshake_failure},
        {"NoCompression", changed([](Hello& h) { h.compression = ""; }), decode_error},
        {"OnlyDeflate", changed([](Hello& h) { h.compression = "\1"; }), decode_error},
        {"LongSessionId",
         changed([](Hello& h) { h.session_id = std::string(33, 's'); }),
         decode_error},
        {"NameTwice",
         changed([&](Hello& h) {
             h.extensions.push_back({TLSEXT_TYPE_server_name, sni});
             h.extensions.push_back({TLSEXT_TYPE_server_name, sni});
         }),
         illegal_parameter},
        {"NameCutShort", hello_with(TLSEXT_TYPE_server_name, "\0\x09\0"s).wire(), decode_error},
        {"NameWithNul",
         hello_with(TLSEXT_TYPE_server_name, sized(2, "\0"s + sized(2, "a\0b"s))).wire(),
         unrecognized_name},
        {"NameTooLong",
         hello_with(TLSEXT_TYPE_server_name, sized(2, "\0"s + sized(2, std::string(300, 'a'))))
             .wire(),
         unrecognized_name},
        {"AlpnCutShort",
         hello_with(TLSEXT_TYPE_application_layer_protocol_negotiation, "\0\x09\2h2"s).wire(),
         decode_error},
        {"AlpnOfNoLength",
         hello_with(TLSEXT_TYPE_application_layer_protocol_negotiation, "\0\1\0"s).wire(),
         decode_error},
        {"NoAlpnInCommon",
         hello_with(TLSEXT_TYPE_application_layer_protocol_negotiation, sized(2, sized(1, "nope")))
             .wire(),
         no_application_protocol},
        {"NoVersions", hello_with(TLSEXT_TYPE_supported_versions, "\0"s).wire(), protocol_version},
        {"HalfAVersion",
         hello_with(TLSEXT_TYPE_supported_versions, "\1\3").wire(),
         protocol_version},
        {"OldVersions",
         hello_with(TLSEXT_TYPE_supported_versions, "\2\3\1").wire(),
         protocol_version},
        {"Tls13WithoutKeyShare",
         changed([](Hello& h) {
             h.ciphers = "\x13\1";
             h.extensions.push_back({TLSEXT_TYPE_supported_versions, "\2\3\4"});
         }),
         missing_extension},
    };
}

/// Behind a good ClientHello: before it nothing but one is expected.
std::vector<Case> alerts() {
    const std::string hello = Hello().wire();
    return {
        {"First", alert(handshake_failure), unexpected_message},
        {"Fatal", hello + alert(handshake_failure), none},
        {"CloseNotify", hello + alert(0, 1), any, true},  // our signature may have begun
        {"Warnings", hello + repeated(20, alert(90, 1)), unexpected_message},
        {"OfNoLevel", hello + alert(handshake_failure, 3), illegal_parameter},
        {"TooShort", hello + record(Content::alert, "\2"), unexpected_message},
        {"TooLong", hello + record(Content::alert, "\2\x28\0"s), unexpected_message},
        {"Empty", hello + repeated(40, record(Content::alert, "")), unexpected_message},
    };
}

std::vector<Case> clear_texts() {
    std::vector<Case> all{
        {"Ftp", "USER anonymous\r\nPASS x\r\n", none},
        {"Ssh", "SSH-2.0-OpenSSH_9.2\r\n", none},
        {"Http2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", none},
        {"ProxyV1", "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", none},
    };
    std::mt19937 random(6);
    for (int i = 0; i < 20; ++i) {
        std::string bytes(std::size_t{5} + random() % 2000, '\0');
        for (char& byte : bytes) {
            byte = static_cast<char>(random());
        }
        all.push_back({"Random", bytes, any, true});
    }
    return all;
}

class MalformedTls : public MalformedScene, public ::testing::WithParamInterface<TlsDoor> {
  protected:
    /// Of a data connection whose handshake was done: one or two, whatever became of it.
    void drop_replies() {
        if (GetParam() == TlsDoor::ftps_data) {
            while (control->reply().starts_with("150")) {
            }
        }
    }
    void first_flights();
    void odd_ones();
    void second_flights();
    void later_records();
    void floods();
    void cut_hellos();

    static std::vector<std::string> as_it_is(const std::string& hello) { return {hello}; }

    void expect(const std::vector<Case>& cases) {
        for (const Case& one : cases) {
            const Answer answer = refusal(GetParam(), one.bytes, one.fin);
            EXPECT_TRUE(one.alert == any || answer.alert == one.alert)
                << one.name << ": alert " << answer.alert << " instead of " << one.alert;
            EXPECT_NE(answer.ending, Ending::silence) << one.name;
        }
    }
};

INSTANTIATE_TEST_SUITE_P(
    Doors,
    MalformedTls,
    ::testing::Values(
        TlsDoor::https, TlsDoor::implicit_ftps, TlsDoor::auth_tls, TlsDoor::ftps_data
    ),
    [](const auto& door) { return name_of(door.param); }
);

void MalformedTls::first_flights() {
    for (const auto& cases : {records(), messages(), hellos(), alerts(), clear_texts()}) {
        expect(cases);
    }
}

/// What RFC 8446 §5.1 and RFC 5246 §6.2.1 allow: a message may be spread over records, a record
/// over any number of segments.
void MalformedTls::odd_ones() {
    using Pieces = std::vector<std::string>;
    const std::map<std::string, Change> ways{
        {"byte by byte",
         [](const std::string& hello) {
             Pieces bytes;
             for (const char byte : hello) {
                 bytes.emplace_back(1, byte);
             }
             return bytes;
         }},
        {"ten bytes a record",
         [](const std::string& hello) {
             return Pieces{in_records(Content::handshake, hello.substr(5), 10)};
         }},
        {"record of SSL 3",
         [](const std::string& hello) { return Pieces{"\x16\3\0"s + hello.substr(3)}; }}};
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        for (const auto& [way, change] : ways) {
            Wire wire = enter(GetParam());
            CarriedClient client(version);
            EXPECT_TRUE(carry(wire, client, change)) << way;
            EXPECT_TRUE(is_served(GetParam(), wire, client)) << way;
            wire.close();
            drop_replies();
        }
    }
}

/// Alerts that come under the handshake's keys.
void MalformedTls::second_flights() {
    struct Later {
        const char* name;
        std::string bytes;
        int alert;
    };
    for (const Later& one :
         {Later{"hello again", real_hello(), unexpected_message},
          Later{
              "change_cipher_spec flood",
              repeated(100, record(Content::ccs, "\1")),
              unexpected_message},
          Later{"forged record", record(Content::data, std::string(64, 'x')), bad_record_mac},
          Later{
              "oversized record",
              record_of_length(Content::data, most_plain + 257, std::string(20'000, 'x')),
              record_overflow},
          Later{"short alert", record(Content::alert, "\2"), unexpected_message}}) {
        Wire wire = enter(GetParam());
        CarriedClient client;
        wire.send(client.step() + one.bytes);
        carry_rest(wire, client);
        EXPECT_EQ(client.alert(), one.alert) << one.name;
        leave(GetParam());
    }
}

/// And after it.
void MalformedTls::later_records() {
    struct Later {
        int version;
        std::string bytes;
        int alert;
    };
    const std::string heartbeat = record(Content::heartbeat, "\1\x40\0"s + std::string(64, 'h'));
    const std::string huge = record_of_length(Content::data, 0xffff, "x");
    for (const Later& one :
         {Later{TLS1_2_VERSION, heartbeat, bad_record_mac},
          Later{TLS1_3_VERSION, heartbeat, unexpected_message},
          Later{TLS1_2_VERSION, huge, record_overflow},
          Later{TLS1_3_VERSION, huge, record_overflow},
          Later{TLS1_2_VERSION, real_hello(), protocol_version},
          Later{TLS1_3_VERSION, real_hello(), unexpected_message}}) {
        Wire wire = enter(GetParam(), "STOR sink");
        CarriedClient client(one.version);
        ASSERT_TRUE(carry(wire, client, as_it_is));
        wire.send(one.bytes);
        carry_rest(wire, client);
        EXPECT_EQ(client.alert(), one.alert) << one.version << " " << one.bytes.size();
        drop_replies();
    }
}

void MalformedTls::floods() {
    const std::size_t before = front->peak_memory_kib();
    Wire updating = enter(GetParam(), "STOR sink");
    CarriedClient client;
    ASSERT_TRUE(carry(updating, client, as_it_is));
    for (int i = 0; i < 1000 && updating.send(client.key_update()); ++i) {
    }
    updating.close();
    drop_replies();
    Wire renegotiating = enter(GetParam(), "STOR sink");
    CarriedClient old(TLS1_2_VERSION);
    ASSERT_TRUE(carry(renegotiating, old, as_it_is));
    static_cast<void>(old.read());  // a greeting that came already has no place in a handshake
    ASSERT_TRUE(renegotiating.send(old.renegotiation()));
    renegotiating.send_fin();
    carry_rest(renegotiating, old);
    EXPECT_EQ(old.alert(), no_renegotiation);
    renegotiating.close();
    drop_replies();
    if (!sanitized) {
        EXPECT_LT(front->peak_memory_kib() - before, 8U * 1024);
    }
}

void MalformedTls::cut_hellos() {
    const std::string whole = real_hello();
    const std::size_t step = GetParam() == TlsDoor::ftps_data ? 37 : 7;
    for (std::size_t size = 0; size < whole.size(); size += step) {
        Wire wire = enter(GetParam());
        wire.send(whole.substr(0, size));
        if (size % 2 == 0) {
            wire.reset();
        } else {
            wire.send_fin();
            EXPECT_EQ(alert_in(wire.rest().bytes), size == 0 ? none : decode_error) << size;
        }
        leave(GetParam());
    }
}

/// One server for all of it, so that what one part leaves behind the next one meets.
TEST_P(MalformedTls, EndsWithTheRightAlertAndDisturbsNobody) {
    ASSERT_NO_FATAL_FAILURE(begin());
    ASSERT_NO_FATAL_FAILURE(first_flights());
    ASSERT_NO_FATAL_FAILURE(odd_ones());
    ASSERT_NO_FATAL_FAILURE(second_flights());
    ASSERT_NO_FATAL_FAILURE(later_records());
    ASSERT_NO_FATAL_FAILURE(floods());
    ASSERT_NO_FATAL_FAILURE(cut_hellos());
    finish();
}

}  // namespace
}  // namespace hsmfront::test
