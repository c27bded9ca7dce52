// Site: what a browser's page is about: static files, and an application behind the web server.
#pragma once

#include "tests/harness/backends.hpp"

namespace hsmfront::test {

/// nginx with tests/browser/page, compressed text, 100 images; /app/ goes to tests/tools/origin.py.
class Site {
  public:
    Site(const std::filesystem::path& directory, PortBlock& ports);

    [[nodiscard]] std::uint16_t port() const { return nginx_.port(); }
    /// nginx's, see there.
    [[nodiscard]] std::string log() const { return nginx_.log(); }

  private:
    Origin application_;
    Nginx nginx_;
};

}  // namespace hsmfront::test
