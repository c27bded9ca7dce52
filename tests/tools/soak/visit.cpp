#include "tests/tools/soak/visit.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

namespace soak {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t block = std::size_t{32} * 1024;

std::string hex(std::uint64_t number) {
    std::array<char, 17> text{};
    std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(number));
    return text.data();
}

}  // namespace

Visit::Visit(const Place& place, Tally& tally, std::mt19937_64& random)
    : place_(place), tally_(tally), random_(random), client_(any_style(place, random)) {}

Style Visit::any_style(const Place& place, std::mt19937_64& random) {
    const auto flip = [&random] { return random() % 2 == 0; };
    Style style;
    style.implicit = flip();
    style.version = flip() ? TLS1_2_VERSION : TLS1_3_VERSION;
    style.family = place.ipv6 && random() % 4 == 0 ? AF_INET6 : AF_INET;
    style.active = random() % 3 == 0;
    style.extended = style.family == AF_INET6 || flip();
    style.resume = random() % 4 != 0;
    return style;
}

Visit::Mishap Visit::mishap_of(unsigned percent) {
    constexpr std::array<std::pair<unsigned, Mishap>, 7> table{{
        {4, Mishap::quit},
        {11, Mishap::abort},
        {19, Mishap::reset_data},
        {27, Mishap::truncate},
        {32, Mishap::reset_control},
        {36, Mishap::stall},
        {100, Mishap::none},
    }};
    return std::find_if(
               table.begin(),
               table.end(),
               [percent](const auto& row) { return percent < row.first; }
    )->second;
}

/// Each order of magnitude up to 4 MiB is as likely as any other; one file in ten is empty.
std::size_t Visit::any_size() { return one_in(10) ? 0 : 1 + random_() % (1U << below(23)); }

void Visit::run() {
    tally_.count("sessions");
    over_ = !client_.log_in(place_.front);
    if (over_) {
        tally_.count("logins_lost");
    }
    for (unsigned left = 1 + below(6); left > 0 && !over_; --left) {
        act();
    }
    if (!over_) {
        leave();
    }
    if (client_.unanswered()) {
        tally_.violation("no reply for 30 s, the last was " + client_.text());
    }
}

void Visit::act() {
    mishap_ = mishap_of(below(100));
    befallen_ = false;
    const unsigned what = below(100);
    if (what < 42) {
        upload();
    } else if (what < 84) {
        download();
    } else if (what < 92) {
        list();
    } else {
        chat();
    }
}

std::optional<Connection> Visit::begin(const std::string& command) {
    const int prepared = client_.prepare();
    if (prepared != 200 && prepared != 227 && prepared != 229) {
        tally_.count(prepared == 0 ? "control_lost" : "not_prepared");
        over_ = prepared == 0 || prepared == 421;
        return std::nullopt;
    }
    if (one_in(30)) {
        return std::nullopt;  // changed its mind; the next one begins anew
    }
    const int begun = client_.ask(command);
    if (begun != 150 && begun != 125) {
        tally_.count(begun == 0 ? "control_lost" : "not_begun");
        over_ = begun == 0 || begun == 421;
        return std::nullopt;
    }
    std::optional<Connection> data = client_.open_data();
    if (!data) {
        tally_.count("data_lost");
        over_ = client_.reply() == 0;
    }
    return data;
}

void Visit::upload() {
    const File file{"up-" + hex(random_()), random_(), any_size()};
    mishap_at_ = file.size == 0 ? 0 : 1 + random_() % file.size;
    std::optional<Connection> data = begin("STOR " + file.name);
    if (!data) {
        return;
    }
    if (file.size == 0) {
        mishap_ = Mishap::none;
    }
    const Copied copied = send_file(*data, file);
    if (!copied.ended) {
        tally_.never_ended(file.name);
    }
    const bool success = copied.goes_on && succeeded();
    tally_.count(success ? "uploads_done" : "uploads_failed");
    const auto stored = place_.root / file.name;
    if (success && !copied.ended) {
        tally_.violation("success for the upload " + file.name + ", which was not ended");
    } else if (success && !holds(stored, file)) {
        tally_.violation("the stored " + file.name + " differs, success was told");
    }
    std::error_code ignored;
    std::filesystem::remove(stored, ignored);
}

Visit::Copied Visit::send_file(Connection& data, const File& file) {
    Copied copied;
    std::vector<char> buffer(block);
    for (std::size_t at = 0; at < file.size;) {
        const std::size_t stop =
            at < mishap_at_ && mishap_ != Mishap::none ? mishap_at_ : file.size;
        const std::span<char> part{buffer.data(), std::min(block, stop - at)};
        produce(file.seed, at, part);
        if (!data.write(part)) {
            data.reset();
            return copied;
        }
        at += part.size();
        if (at == mishap_at_ && !befall(data, copied)) {
            return copied;
        }
        if (at == mishap_at_ && (mishap_ == Mishap::abort || mishap_ == Mishap::reset_control)) {
            await_end(data);
            return copied;
        }
    }
    copied.ended = true;
    copied.well = true;
    data.end();
    return copied;
}

void Visit::download() {
    const File& file = place_.files[below(static_cast<unsigned>(place_.files.size()))];
    mishap_at_ = random_() % (file.size + 1);
    std::optional<Connection> data = begin("RETR " + file.name);
    if (!data) {
        return;
    }
    Checker checker(file);
    const Copied copied = receive(*data, checker);
    const bool success = copied.goes_on && succeeded();
    tally_.count(success ? "downloads_done" : "downloads_failed");
    if (!checker.equal()) {
        tally_.violation("other bytes than those of " + file.name + " came down");
    } else if (copied.well && !checker.whole()) {
        tally_.violation(file.name + " came down cut, with a clean end");
    } else if (success && !copied.left && !(copied.well && checker.whole())) {
        tally_.violation("success for " + file.name + ", which did not come down whole");
    }
}

Visit::Copied Visit::receive(Connection& data, Checker& checker) {
    Copied copied;
    std::vector<char> buffer(block);
    for (bool due = true;;) {
        if (due && checker.taken() >= mishap_at_) {
            due = false;
            if (!befall(data, copied)) {
                return copied;
            }
        }
        std::size_t count = 0;
        const Read read = data.read(buffer, count);
        if (read != Read::bytes) {
            if (read == Read::silent) {
                tally_.violation("a download stands still");
            }
            copied.well = read == Read::end;
            copied.well ? data.end() : data.reset();
            return copied;
        }
        checker.take({buffer.data(), count});
    }
}

bool Visit::befall(Connection& data, Copied& copied) {
    befallen_ = true;
    switch (mishap_) {
        case Mishap::none:
            return true;
        case Mishap::stall:
            std::this_thread::sleep_for(200ms + std::chrono::milliseconds(below(2000)));
            return true;
        case Mishap::quit:
            static_cast<void>(client_.send("QUIT"));
            return true;
        case Mishap::abort:
            static_cast<void>(client_.send("ABOR"));
            return true;
        case Mishap::reset_data:
            data.reset();
            copied.left = true;
            return false;
        case Mishap::truncate:
            data.truncate();
            copied.left = true;
            return false;
        case Mishap::reset_control:
            client_.control().reset();
            copied.goes_on = false;
            over_ = true;
            return true;
    }
    return false;
}

/// The proxy is to end the data connection, not we.
void Visit::await_end(Connection& data) {
    std::array<char, 4096> rest{};
    std::size_t count = 0;
    Read read = Read::bytes;
    while (read == Read::bytes) {
        read = data.read(rest, count);
    }
    if (read == Read::silent) {
        tally_.violation("the data connection of a transfer that is over stays open");
    }
    data.reset();
}

bool Visit::succeeded() {
    const int code = client_.reply();
    if (code == 0) {
        tally_.count("control_lost");
        over_ = true;
        return false;
    }
    if (befallen_ && mishap_ == Mishap::abort && client_.reply() == 0) {
        over_ = true;
    }
    if (befallen_ && mishap_ == Mishap::quit) {
        static_cast<void>(client_.reply());
        over_ = true;
    }
    return code == 226 || code == 250;
}

void Visit::list() {
    mishap_ = Mishap::none;
    std::optional<Connection> data = begin(one_in(2) ? "LIST" : "NLST");
    if (!data) {
        return;
    }
    std::vector<char> buffer(block);
    std::size_t count = 0;
    Read read = Read::bytes;
    while (read == Read::bytes) {
        read = data->read(buffer, count);
    }
    read == Read::end ? data->end() : data->reset();
    const bool success = succeeded();
    tally_.count(success ? "lists_done" : "lists_failed");
    if (success && read != Read::end) {
        tally_.violation("success for a list that was cut");
    }
}

void Visit::chat() {
    constexpr std::array<const char*, 6> commands{"NOOP", "PWD", "ABOR", "FEAT", "SYST", "STAT"};
    if (client_.ask(commands[below(commands.size())]) == 0) {
        tally_.count("control_lost");
        over_ = true;
    }
}

void Visit::leave() {
    switch (below(4)) {
        case 0:
            client_.control().reset();
            break;
        case 1:
            client_.control().truncate();
            break;
        default:
            static_cast<void>(client_.ask("QUIT"));
            client_.control().end();
    }
}

}  // namespace soak
