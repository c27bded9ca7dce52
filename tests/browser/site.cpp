// Site: what a browser's page is about: static files, and an application behind the web server.
#include "tests/browser/site.hpp"

#include "tests/harness/files.hpp"

#include <fstream>

namespace hsmfront::test {
namespace {

/// Without gzip_proxied nginx does not compress for a request that has Via.
std::string directives(std::uint16_t application) {
    return "gzip on;\ngzip_proxied any;\ngzip_types text/plain text/css application/javascript;\n"
           "location /image/ { try_files /dot.svg =404; }\n"
           "location /app/ {\nproxy_pass http://127.0.0.1:" +
           std::to_string(application) +
           ";\nproxy_http_version 1.1;\nproxy_buffering off;\nproxy_request_buffering off;\n"
           "proxy_redirect off;\nproxy_set_header Host $http_host;\n"
           "proxy_set_header Upgrade $http_upgrade;\n"
           "proxy_set_header Connection $http_connection;\n}\n";
}

void write_text(const std::filesystem::path& path) {
    std::ofstream file(path);
    for (int number = 0; number < 10'000; ++number) {
        file << "line " << number << '\n';
    }
}

}  // namespace

Site::Site(const std::filesystem::path& directory, PortBlock& ports)
    : application_(directory / "application", ports),
      nginx_(directory / "nginx", ports, directives(application_.port())) {
    for (const auto& file :
         std::filesystem::directory_iterator(HSMFRONT_SOURCE_DIR "/tests/browser/page")) {
        std::filesystem::copy(file, nginx_.root());
    }
    write_text(nginx_.root() / "text.txt");
    write_random(nginx_.root() / "blob.bin", 300'000);
}

}  // namespace hsmfront::test
