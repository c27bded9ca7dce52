#include "tests/harness/recording_origin.hpp"

#include <poll.h>
#include <utility>

namespace hsmfront::test {

RecordingOrigin::RecordingOrigin(Answering answering) : answering_(std::move(answering)) {}

Wire::Rest RecordingOrigin::serve(
    Wire& client, const std::function<bool(const std::string&)>& enough
) {
    const auto until = std::chrono::steady_clock::now() + Wire::limit;
    Wire::Rest received;
    while (std::chrono::steady_clock::now() < until) {
        wait(client);
        serve_all();
        Wire::Rest piece = client.available();
        received.bytes += piece.bytes;
        received.ending = piece.ending;
        if (received.ending != Ending::silence || (enough && enough(received.bytes))) {
            break;
        }
    }
    serve_all();
    return received;
}

/// Until somebody has something for us.
void RecordingOrigin::wait(const Wire& client) const {
    std::vector<pollfd> entries{{client.fd(), POLLIN, 0}, {listener_.fd(), POLLIN, 0}};
    for (const auto& connection : connections_) {
        if (connection.open) {
            entries.push_back({connection.wire.fd(), POLLIN, 0});
        }
    }
    ::poll(entries.data(), entries.size(), 100);
}

void RecordingOrigin::accept() {
    for (Wire wire = listener_.accept(0ms); wire.open(); wire = listener_.accept(0ms)) {
        connections_.push_back({std::move(wire), {}, 0, true});
    }
}

void RecordingOrigin::serve_all() {
    accept();
    for (auto& connection : connections_) {
        if (connection.open) {
            serve(connection);
        }
    }
}

void RecordingOrigin::serve(Connection& connection) {
    const Wire::Rest piece = connection.wire.available();
    connection.unread += piece.bytes;
    connection.open = piece.ending == Ending::silence;
    Reading reading = read_requests(connection.unread);
    connection.unread = reading.rest;
    connection.told = reading.messages.empty() ? connection.told : 0;
    for (const auto& request : reading.messages) {
        requests_.push_back(request);
        if (connection.open) {
            answer(connection, request);
        }
    }
}

void RecordingOrigin::answer(Connection& connection, const HttpMessage& request) {
    const OriginAnswer answer = answering_(request);
    connection.wire.send(answer.bytes);
    if (answer.then == OriginAnswer::Then::keep) {
        return;
    }
    if (answer.then == OriginAnswer::Then::reset) {
        connection.wire.reset();
    } else {
        connection.wire.close();
    }
    connection.open = false;
}

Reading RecordingOrigin::take() {
    Reading all;
    all.messages = std::exchange(requests_, {});
    for (auto& connection : connections_) {
        all.rest += connection.unread.substr(connection.told);
        all.fault += read_requests(connection.unread).fault;
        connection.told = connection.unread.size();
    }
    std::erase_if(connections_, [](const Connection& connection) { return !connection.open; });
    return all;
}

void RecordingOrigin::hang_up() { connections_.clear(); }

std::string ok_with(const std::string& body) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace hsmfront::test
