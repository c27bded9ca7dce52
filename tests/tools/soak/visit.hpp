// Visit: one client from its login to its end, well or badly behaved as chance has it.
#pragma once

#include "tests/tools/soak/content.hpp"
#include "tests/tools/soak/ftps_client.hpp"
#include "tests/tools/soak/tally.hpp"

#include <filesystem>
#include <random>
#include <vector>

namespace soak {

/// What all visits share.
struct Place {
    Front front;
    std::filesystem::path root;  ///< of the FTP server
    std::vector<File> files;     ///< to be had there
    bool ipv6 = true;
};

class Visit {
  public:
    Visit(const Place& place, Tally& tally, std::mt19937_64& random);
    void run();

  private:
    /// What goes wrong in a transfer, and when.
    enum class Mishap {
        none,
        stall,          ///< nothing for a while, then on
        quit,           ///< QUIT is sent, the transfer goes on
        abort,          ///< ABOR is sent, its replies awaited
        reset_data,     ///< RST on the data connection
        truncate,       ///< FIN without close_notify
        reset_control,  ///< RST on the control connection
    };
    /// How the data connection ended, as we saw it.
    struct Copied {
        bool well = false;    ///< no error; up: all was written, down: Read::end
        bool left = false;    ///< we closed the data connection before its time
        bool ended = false;   ///< up: we said that it was all
        bool goes_on = true;  ///< the control connection may still answer
    };

    void act();
    void upload();
    void download();
    void list();
    void chat();
    void leave();

    [[nodiscard]] std::optional<Connection> begin(const std::string& command);
    [[nodiscard]] Copied send_file(Connection& data, const File& file);
    [[nodiscard]] Copied receive(Connection& data, Checker& checker);
    /// False if the data connection is not to be used any more.
    [[nodiscard]] bool befall(Connection& data, Copied& copied);
    void await_end(Connection& data);
    /// True if the transfer's final reply says success. Takes that of ABOR or QUIT too.
    [[nodiscard]] bool succeeded();

    [[nodiscard]] unsigned below(unsigned limit) {
        return static_cast<unsigned>(random_() % limit);
    }
    [[nodiscard]] bool one_in(unsigned count) { return below(count) == 0; }
    [[nodiscard]] std::size_t any_size();
    [[nodiscard]] static Style any_style(const Place& place, std::mt19937_64& random);
    [[nodiscard]] static Mishap mishap_of(unsigned percent);

    const Place& place_;
    Tally& tally_;
    std::mt19937_64& random_;
    FtpsClient client_;
    Mishap mishap_ = Mishap::none;
    std::size_t mishap_at_ = 0;  ///< bytes
    bool befallen_ = false;
    bool over_ = false;  ///< the control connection is gone
};

}  // namespace soak
