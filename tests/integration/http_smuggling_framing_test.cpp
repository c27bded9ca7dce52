// Request smuggling by Content-Length and Transfer-Encoding (RFC 9112 §6.1–§6.3, §11.2).
#include "http_smuggling_scene.hpp"

namespace hsmfront::test {
namespace {

class HttpSmugglingFraming : public SmugglingScene {};

/// `lines` end without CRLF, as they stand in a table.
std::string framed(const std::string& lines, const std::string& body) {
    return post("/", lines + "\r\n", body);
}

/// Ends at once for who reads chunks, and after five bytes for who reads a length of 5.
std::string two_faced() { return "0\r\n\r\n" + smuggled(); }

std::vector<Smuggling> refused(
    const std::vector<std::string>& lines, const std::string& body, const std::string& status
) {
    std::vector<Smuggling> vectors;
    for (const auto& line : lines) {
        vectors.push_back({line, framed(line, body), status});
    }
    return vectors;
}

/// Spellings of Transfer-Encoding that name no chunked body for sure.
const std::vector<std::string>& odd_codings() {
    static const std::vector<std::string> lines = {
        "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: chunked,",
        "Transfer-Encoding: ,chunked",
        "Transfer-Encoding: identity",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: chunked, gzip",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunkedx",
        "Transfer-Encoding: chunked;q=1",
        "Transfer-Encoding: chunked; foo",
        "Transfer-Encoding: \"chunked\"",
        "Transfer-Encoding: 'chunked'",
        "Transfer-Encoding: [chunked]",
        "Transfer-Encoding: chunked\v",
        "Transfer-Encoding: \vchunked",
        "Transfer-Encoding: chunked\f",
        "Transfer-Encoding: \fchunked",
        "Transfer-Encoding: chun ked",
        "Transfer-Encoding: chunked chunked",
        "Transfer-Encoding: gzip",
        "Transfer-Encoding: trailers",
        "Transfer-Encoding:",
        "Transfer-Encoding: \t",
        "Transfer-Encoding: chunked\0"s,
        "Transfer-Encoding: \0chunked"s,
        "Transfer-Encoding: chunked\x01",
        "Transfer-Encoding: chunked\x7f",
        "Transfer-Encoding: \x85"
        "chunked",
        "Transfer-Encoding: \xa0"
        "chunked",
        "Transfer-Encoding: chun\xe2\x84\xaa"
        "ed",
        "Transfer-Encoding: identity;q=1, chunked",
        "Transfer-Encoding:: chunked",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding\t: chunked",
        "Transfer-Encoding\r: chunked",
        "Transfer-Encoding\0: chunked"s,
        "Transfer-Encoding\x0b: chunked",
        "Transfer-Encoding;: chunked",
        "Transfer-Encoding",
        "Transfer_Encoding: chunked",
        "Transfer.Encoding: chunked",
        "transfer_encoding: chunked",
        "Transfer Encoding: chunked",
        " Transfer-Encoding: chunked",
        "\tTransfer-Encoding: chunked",
        "X: y\r\n Transfer-Encoding: chunked",
        "Transfer-Encoding:\r\n chunked",
        "Transfer-Encoding:\r\n\tchunked",
        "Transfer-Encoding: chunked\r\n ",
        "Transfer-Encoding: chunked\r\n , identity",
        "Transfer-\r\nEncoding: chunked",
        "Transfer-Encoding: chunked\n",
        "Transfer-Encoding: chunked\r",
        "Transfer-Encoding:\nchunked",
        "X: y\nTransfer-Encoding: chunked",
        "X: y\rTransfer-Encoding: chunked",
        "X: y\r\rTransfer-Encoding: chunked",
        "X: y\r\n\rTransfer-Encoding: chunked",
        ": y\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding:",
        "Transfer-Encoding: chunked\r\nTransfer_Encoding: chunked",
        "transfer-encoding: chunked\r\nTRANSFER-ENCODING: cow",
    };
    return lines;
}

TEST_F(HttpSmugglingFraming, OddCodingsAreRefused) {
    expect_all(refused(odd_codings(), two_faced(), "400"), Begun::no);
}

TEST_F(HttpSmugglingFraming, OddCodingsBesideLengthAreRefused) {
    std::vector<std::string> lines;
    for (const auto& line : odd_codings()) {
        lines.push_back("Content-Length: 5\r\n" + line);
        lines.push_back(line + "\r\nContent-Length: 5");
    }
    expect_all(refused(lines, two_faced(), "400"), Begun::no);
}

TEST_F(HttpSmugglingFraming, CodingsThatAreNotOfferedAreRefused) {
    expect_all(
        refused(
            {"Transfer-Encoding: gzip, chunked",
             "Transfer-Encoding: identity, chunked",
             "Transfer-Encoding: cow,chunked"},
            two_faced(),
            "501"
        ),
        Begun::no
    );
}

TEST_F(HttpSmugglingFraming, LengthBesideCodingIsRefused) {
    expect_all(
        refused(
            {"Content-Length: 5\r\nTransfer-Encoding: chunked",
             "Transfer-Encoding: chunked\r\nContent-Length: 5",
             "Transfer-Encoding: chunked\r\nContent-Length: 0",
             "TRANSFER-ENCODING: CHUNKED\r\ncontent-length: 5",
             "Transfer-Encoding: \t chunked \t\r\nContent-Length: 5",
             "Transfer-Encoding: chunked\r\nContent_Length: 5",
             "Transfer_Encoding: chunked\r\nContent-Length: 5",
             "Transfer-Encoding: chunked\r\nContent-Length: five",
             "Connection: content-length\r\nContent-Length: 5\r\nTransfer-Encoding: chunked",
             "Connection: transfer-encoding\r\nContent-Length: 5\r\nTransfer-Encoding: chunked"},
            two_faced(),
            "400"
        ),
        Begun::no
    );
}

TEST_F(HttpSmugglingFraming, OddLengthsAreRefused) {
    std::vector<std::string> lines;
    for (const auto& value :
         {"+5"s,
          "-5"s,
          "-0"s,
          "+0"s,
          "0x5"s,
          "5 5"s,
          "5\t5"s,
          "5,5"s,
          "5, 5"s,
          "0, 5"s,
          "5,"s,
          ",5"s,
          "5;"s,
          "5;q=1"s,
          "5.0"s,
          "5e0"s,
          "5a"s,
          "05x"s,
          "x5"s,
          "1_0"s,
          "1,000"s,
          "\"5\""s,
          "(5)"s,
          "5:5"s,
          "5/5"s,
          ""s,
          " "s,
          "\xef\xbc\x95"s,
          "\xd9\xa5"s,
          "5\0"s,
          "\0005"s,
          "5\v"s,
          "\v5"s,
          "5\x7f"s,
          "5\xa0"s,
          "9223372036854775808"s,
          "18446744073709551616"s,
          "18446744073709551621"s,
          "99999999999999999999999999999999999999"s,
          "NaN"s,
          "five"s}) {
        lines.push_back("Content-Length: " + value);
    }
    expect_all(refused(lines, two_faced(), "400"), Begun::no);
}

TEST_F(HttpSmugglingFraming, LengthsThatCouldBeSeenTwiceAreRefused) {
    expect_all(
        refused(
            {"Content-Length: 5\r\nContent-Length: 5",
             "Content-Length: 5\r\nContent-Length: 6",
             "Content-Length: 0\r\nContent-Length: 5",
             "Content-Length: 5\r\nContent-Length:",
             "Content-Length: 5\r\ncontent-length: 5",
             "Content-Length: 5\r\nContent_Length: 6",
             "Content_Length: 5",
             "Content.Length: 5",
             "Content-Length : 5",
             "Content-Length\t: 5",
             "Content-Length\0: 5"s,
             "Content Length: 5",
             "Content-Length",
             " Content-Length: 5",
             "\tContent-Length: 5",
             "Content-Length:\r\n 5",
             "Content-Length: 5\r\n 6",
             "Content-Length: 5\n",
             "X: y\nContent-Length: 5",
             "X: y\rContent-Length: 5",
             "Content-Length: 5\r\n Content-Length: 0"},
            two_faced(),
            "400"
        ),
        Begun::no
    );
}

TEST_F(HttpSmugglingFraming, WhatIsClearIsUnderstoodTheSameBehind) {
    const std::string more = get("/next");
    expect_all(
        {{"length", framed("Content-Length: 5", "abcde" + more), "200 200"},
         {"length, odd but valid", framed("Content-Length:\t0005 ", "abcde" + more), "200 200"},
         {"no length", post("/", "", more), "200 200"},
         {"length 0", framed("Content-Length: 0", more), "200 200"},
         {"a request as body",
          framed("Content-Length: " + std::to_string(smuggled().size()), smuggled() + more),
          "200 200"},
         {"a request as chunk",
          framed(
              "Transfer-Encoding: chunked",
              "2f\r\nGET /smuggled HTTP/1.1\r\nHost: localhost\r\nX: 123\r\n0\r\n\r\n" + more
          ),
          "200 200"},
         {"chunked in any case",
          framed("tRANSFER-eNCODING:\t ChUnKeD ", "5\r\nabcde\r\n0\r\n\r\n" + more),
          "200 200"},
         {"content of a GET", get("/", "Content-Length: 5\r\n") + "abcde" + more, "200 200"},
         {"content of a HEAD",
          "HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde" + more,
          "200 200"},
         {"Connection names the length",
          framed("Connection: content-length\r\nContent-Length: 5", "abcde" + more),
          "200 200"},
         {"Connection names the coding",
          framed(
              "Connection: transfer-encoding\r\nTransfer-Encoding: chunked",
              "5\r\nabcde\r\n0\r\n\r\n" + more
          ),
          "200 200"},
         {"Connection names Host", framed("Connection: host", more), "200 200"},
         {"a name like Content-Length", framed("Content-Lengths: 5", more), "200 200"},
         {"Connection: close", framed("Connection: close", smuggled()), "200"}},
        Begun::no
    );
}

TEST_F(HttpSmugglingFraming, Http10HasNoCodings) {
    const std::string start = "POST / HTTP/1.0\r\nHost: localhost\r\n";
    expect_all(
        {{"coding", start + "Transfer-Encoding: chunked\r\n\r\n" + two_faced(), "400"},
         {"coding, kept alive",
          start + "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n" + two_faced(),
          "400"},
         {"both",
          start + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n" + two_faced(),
          "400"},
         {"length", start + "Content-Length: 5\r\n\r\nabcde" + smuggled(), "200"},
         {"kept alive",
          start + "Connection: keep-alive\r\nContent-Length: 5\r\n\r\nabcde" + get("/next"),
          "200 200"}},
        Begun::no
    );
}

TEST_F(HttpSmugglingFraming, ContentThatIsCutIsNotServed) {
    expect_all(
        {{"length", framed("Content-Length: 500", smuggled()), ""},
         {"large length", framed("Content-Length: 4294967301", smuggled()), ""},
         {"largest length", framed("Content-Length: 9223372036854775807", smuggled()), ""},
         {"chunk", framed("Transfer-Encoding: chunked", "ff\r\n" + smuggled()), ""},
         {"no last chunk", framed("Transfer-Encoding: chunked", "5\r\nabcde\r\n"), ""},
         {"no end of trailers", framed("Transfer-Encoding: chunked", "0\r\nX: y\r\n"), ""}},
        Begun::allowed
    );
}

}  // namespace
}  // namespace hsmfront::test
