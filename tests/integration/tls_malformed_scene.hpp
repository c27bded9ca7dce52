// MalformedScene: every place where a client's TLS begins, and a good client beside the bad ones.
#pragma once

#include "tests/harness/client_hello.hpp"
#include "tests/harness/ftps_client.hpp"
#include "tests/harness/good_client.hpp"
#include "tests/harness/stage.hpp"

#include <gmock/gmock.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace hsmfront::test {

enum class TlsDoor { https, implicit_ftps, auth_tls, ftps_data };

[[nodiscard]] std::string name_of(TlsDoor door);

/// Both keys in the token, vsftpd and nginx behind. Both serve "small".
class MalformedScene : public Stage {
  protected:
    MalformedScene();

    /// Starts the proxy and the good client.
    void begin();
    /// Ends the clients; the good one must have been served all along, and the proxy must hold no
    /// more descriptors and connections than when it began.
    void finish();

    /// A connection on which the client's TLS comes next. `transfer` is what a data connection is
    /// for.
    [[nodiscard]] Wire enter(TlsDoor door, const std::string& transfer = "RETR small");
    /// What the other side of a refused handshake is, where there is one: the reply 522.
    void leave(TlsDoor door);

    struct Answer {
        std::string bytes;
        int alert = -1;  ///< in clear
        Ending ending = Ending::silence;
    };
    /// What comes for `bytes`, then FIN if `fin`. The connection must end.
    [[nodiscard]] Answer refusal(TlsDoor door, const std::string& bytes, bool fin = false);

    /// Carries a handshake, its first flight by way of `first`.
    using Change = std::function<std::vector<std::string>(const std::string&)>;
    [[nodiscard]] bool carry(Wire& wire, CarriedClient& client, const Change& first);
    /// Reads to the end and gives it to `client`.
    void carry_rest(Wire& wire, CarriedClient& client);
    /// Asks for what `door` has; true if it comes.
    [[nodiscard]] bool is_served(TlsDoor door, Wire& wire, CarriedClient& client);

    /// `hsmfront status --metrics`.
    [[nodiscard]] std::string metrics() const;
    /// A sample's value now.
    [[nodiscard]] long metric(const std::string& sample) const;
    [[nodiscard]] std::size_t descriptors() const;

    std::unique_ptr<GoodClient> good;
    std::unique_ptr<FtpsClient> control;  ///< of the data connections

  private:
    void log_in();

    std::size_t descriptors_at_rest_ = 0;
};

/// The value of `sample` in `metrics`; -1 if there is none.
[[nodiscard]] long value_in(const std::string& metrics, const std::string& sample);

}  // namespace hsmfront::test
