// Load for an HTTPS server, from one thread:
//   https_load handshakes to=[HOST:]PORT tls=1.3 concurrency=16 resume=0 seconds=3
//   https_load requests   to=[HOST:]PORT tls=1.3 http=1.1 path=/ connections=32 seconds=3 …
// handshakes.hpp and requests.hpp tell all words. Prints one line of name=value pairs.
#include "bench/clients/handshakes.hpp"
#include "bench/clients/requests.hpp"
#include "bench/clients/tls_connection.hpp"

#include <csignal>
#include <iostream>
#include <string_view>

int main(int argc, char** argv) {
    using namespace hsmfront::bench;
    const std::string_view kind = argc > 1 ? argv[1] : "";
    if (kind != "handshakes" && kind != "requests") {
        std::cerr << "usage: https_load handshakes|requests NAME=VALUE...\n";
        return 2;
    }
    std::signal(SIGPIPE, SIG_IGN);
    raise_file_limit();
    try {
        Options options(argc, argv, 2);
        kind == "handshakes" ? run_handshakes(options) : run_requests(options);
    } catch (const std::invalid_argument& error) {
        std::cerr << "https_load: " << error.what() << "\n";
        return 2;
    } catch (const std::exception& error) {
        std::cerr << "https_load: " << error.what() << "\n";
        return 1;
    }
    return 0;
}
