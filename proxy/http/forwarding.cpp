// Heads for the backend and for HTTP/1 clients.
#include "proxy/http/forwarding.hpp"

#include <string_view>
#include <vector>

namespace hsmfront::http {
namespace {

void append_request_connection(std::string& out, const Request& request) {
    if (request.websocket) {
        out += "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    } else if (request.accepts_trailers) {
        out += "TE: trailers\r\nConnection: TE\r\n";
    }
}

/// RFC 9112 §4: the version is ours, status and reason are the backend's.
void append_status_line(std::string& out, const ResponseHead& head) {
    out += "HTTP/1.1 ";
    out += std::to_string(head.status);
    out += ' ';
    out += head.reason;
    out += "\r\n";
}

std::string_view via_of(Version version) {
    switch (version) {
        case Version::http1_0:
            return "1.0 hsmfront";
        case Version::http2:
            return "2.0 hsmfront";
        default:
            return "1.1 hsmfront";
    }
}

}  // namespace

void append_request_head(
    std::string& out,
    const RequestHead& head,
    const Checked& checked,
    const ClientIdentity& client,
    const config::Http& settings
) {
    const Request& request = checked.request;
    out += head.method;
    out += ' ';
    out += checked.path;
    out += " HTTP/1.1\r\n";
    TextFields fields(out);
    fields.add("Host", request.host);
    const std::vector<std::string_view> options = connection_options(head.fields);
    const IdentityFields identity(head.fields, client, settings.forwarded);
    for (const Field& field : head.fields) {
        const bool expects = iequals(field.name, "Expect");
        // CGI programs would take Proxy for the variable HTTP_PROXY (CVE-2016-5385).
        const bool dropped = iequals(field.name, "Host") || iequals(field.name, "Proxy") ||
                             is_hop_by_hop(field.name) || names_field(options, field.name) ||
                             identity.replaces(field.name) ||
                             (expects && head.version == Version::http1_0);
        if (!dropped) {
            fields.add(field.name, field.value);
        }
    }
    write_extended(fields, head.fields, "Via", via_of(head.version));
    identity.write(fields, request.host);
    if (request.framing.kind == Framing::Kind::chunked) {
        fields.add("Transfer-Encoding", "chunked");
    } else if (request.framing.kind == Framing::Kind::length) {
        fields.add("Content-Length", std::to_string(request.framing.length));
    }
    append_request_connection(out, request);
    out += "\r\n";
}

ResponsePlan plan_response(
    const ResponseHead& head, Framing framing, const Request& request, bool keep_alive
) {
    ResponsePlan plan;
    plan.framing = framing;
    plan.keep_alive = keep_alive && request.keep_alive;
    const bool measured =
        framing.kind == Framing::Kind::none || framing.kind == Framing::Kind::length;
    if (measured) {
        return plan;
    }
    if (request.version == Version::http1_1) {
        plan.encoding = BodyEncoder::Kind::chunked;
        plan.trailers = request.accepts_trailers && head.version == Version::http1_1;
    } else {
        plan.keep_alive = false;  // only the end of the connection tells the end of the content
    }
    return plan;
}

void append_response_head(
    std::string& out,
    const ResponseHead& head,
    const Request& request,
    const ResponsePlan& plan,
    const config::Http& settings
) {
    append_status_line(out, head);
    TextFields fields(out);
    write_response_fields(fields, head, request, settings);
    if (plan.encoding == BodyEncoder::Kind::chunked) {
        fields.add("Transfer-Encoding", "chunked");
    } else if (const std::string length = told_length(head, plan.framing, request);
               !length.empty()) {
        fields.add("Content-Length", length);
    }
    if (!plan.keep_alive) {
        fields.add("Connection", "close");
    } else if (request.version == Version::http1_0) {
        fields.add("Connection", "keep-alive");
    }
    out += "\r\n";
}

void append_interim_head(std::string& out, const ResponseHead& head) {
    append_status_line(out, head);
    TextFields fields(out);
    write_interim_fields(fields, head);
    if (head.status == 101) {
        out += "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    }
    out += "\r\n";
}

}  // namespace hsmfront::http
