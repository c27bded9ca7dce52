// Tally: what the clients have done and what they found wrong; shared by all threads.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>

namespace soak {

class Tally {
  public:
    void count(const std::string& what);
    /// Something that must not be; printed at once.
    void violation(const std::string& what);
    /// An upload that its client never ended: nobody may take it as complete.
    void never_ended(const std::string& name);

    /// "name=value" lines, then "unfinished=NAME" for each that never_ended() was told of.
    void print() const;
    [[nodiscard]] bool clean() const;

  private:
    mutable std::mutex mutex_;
    std::map<std::string, long> counts_;
    std::set<std::string> unfinished_;
    long violations_ = 0;
};

}  // namespace soak
