// SmugglingScene: requests that parsers understand differently, before an origin that says what it
// understood.
#pragma once

#include "http_scene.hpp"

#include <string>
#include <vector>

namespace hsmfront::test {

/// Bytes of a client, and the statuses of all final responses to them: "200 400". Each 200 is the
/// origin's; for any other the origin must not have seen a whole request.
struct Smuggling {
    std::string name;
    std::string bytes;
    std::string statuses;
};

/// What follows a message that is to be refused: it must never be taken for a request.
[[nodiscard]] const std::string& smuggled();

class SmugglingScene : public HttpScene {
  protected:
    SmugglingScene();

    /// Whether the origin may have seen the beginning of a request that is refused.
    enum class Begun { no, allowed };
    /// Each one over a client connection of its own, all through one hsmfront.
    void expect_all(const std::vector<Smuggling>& vectors, Begun begun);

    RecordingOrigin origin;

  private:
    void expect_one(const Smuggling& vector, Begun begun);
};

}  // namespace hsmfront::test
