// DialogueScript: feeds a Dialogue and shows its actions as short words.
#pragma once

#include "proxy/ftp/dialogue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace hsmfront::ftp::test {

using Words = std::vector<std::string>;

/// "C 220" answer to the client ("C+ 227" with a fresh ticket), "B EPSV" command to the backend;
/// the other actions by name.
[[nodiscard]] std::string word_of(const Action& action);
/// Without the lines for the log.
[[nodiscard]] Words words_of(const Actions& actions);

class DialogueScript : public testing::Test {
  protected:
    static constexpr const char* client_address = "192.0.2.10";

    [[nodiscard]] static Policy default_policy();
    /// Begins anew with `policy`.
    void begin(const Policy& policy);
    /// An explicit session after AUTH TLS, the backend's greeting, login, PBSZ and PROT P.
    void log_in(const Policy& policy = default_policy());
    /// PASV up to its reply; the backend's port is 4000, ours 50000.
    void set_up_passive();
    /// PASV and `command`; the backend's data connection stands, the command is out.
    void start(std::string_view command);
    /// As start(); the backend said 150.
    void start_moving(std::string_view command);

    Words command(std::string_view line);
    Words reply(std::string_view line);
    Words data(DataEvent::Kind kind);
    Words data_failed(DataEvent::Blame blame, int code);
    Words shown(const Actions& actions);

    /// The wire text of the last answer.
    std::string last_answer_;
    /// The transfers logged so far, as "log 226 complete".
    Words logged_;
    std::optional<Dialogue> dialogue_;
};

}  // namespace hsmfront::ftp::test
