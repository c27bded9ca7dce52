// OwnNetwork: a network and a resolver configuration that nobody else sees (namespaces(7)).
#pragma once

#include "tests/support/temp_dir.hpp"

#include <string>

namespace hsmfront::test {

/// While it lives, this thread and the children that it starts have a network of their own with
/// nothing but 127.0.0.0/8 and ::1, and ask the name server at 127.0.0.1 for every name but
/// localhost. To be made before all that uses the network. Needs root.
class OwnNetwork {
  public:
    OwnNetwork();
    ~OwnNetwork();
    OwnNetwork(const OwnNetwork&) = delete;
    OwnNetwork& operator=(const OwnNetwork&) = delete;

    /// Why there is none; empty: there is one.
    [[nodiscard]] const std::string& missing() const { return missing_; }

  private:
    void enter();
    void leave() const;
    void replace(const std::string& path, const std::string& text);

    TempDir files_;
    int network_ = -1;  ///< those of before
    int mounts_ = -1;
    std::string missing_;
};

}  // namespace hsmfront::test
