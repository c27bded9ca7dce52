#include "proxy/runtime/successor.hpp"

#include "proxy/runtime/predecessor.hpp"

#include <charconv>
#include <chrono>
#include <csignal>
#include <sys/wait.h>
#include <thread>

namespace hsmfront::runtime {
namespace {

using namespace std::chrono_literals;
using certs::Failure;

/// For configuration, token, keys and certificates. It sends no PIN more often than a start does.
constexpr std::chrono::milliseconds start_limit = 2min;
/// For a process that only starts another.
constexpr std::chrono::milliseconds detach_limit = 20s;

Failure failure(const std::string& what, const error_code& ec) {
    return {ec, what + ": " + ec.message()};
}

/// Its exit code; nothing if it had to be killed.
std::optional<int> await_end(pid_t child) {
    const auto until = std::chrono::steady_clock::now() + detach_limit;
    int status = 0;
    while (::waitpid(child, &status, WNOHANG) == 0) {
        if (std::chrono::steady_clock::now() > until) {
            ::kill(child, SIGKILL);
            ::waitpid(child, &status, 0);
            return std::nullopt;
        }
        std::this_thread::sleep_for(5ms);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

}  // namespace

certs::Loaded<void> Successor::start(const Handover& handover, const std::stop_token& stop) {
    auto ends = HandoverChannel::make_pair();
    if (!ends) {
        return failure("no channel", ends.error());
    }
    channel_ = HandoverChannel(std::move(ends->first));
    const auto child = spawn(command_, Predecessor::variables_of_first_start(), ends->second.get());
    ends->second.reset();
    if (!child) {
        return failure("cannot run " + command_.program, child.error());
    }
    if (await_end(*child) != 0) {
        return Failure{
            make_error_code(boost::system::errc::executable_format_error),
            command_.program + " did not start, or cannot take over; its output says why"};
    }
    if (const error_code ec = channel_.give(handover)) {
        return failure("the new process did not take what it needs", ec);
    }
    const auto answer = channel_.wait(start_limit, stop);
    if (!answer) {
        channel_ = none();  // upon which it ends
        return failure("the new process did not come up; its log says why", answer.error());
    }
    const std::string_view text = answer->text;
    if (answer->word != HandoverChannel::Word::ready) {
        return Failure{
            make_error_code(boost::system::errc::operation_canceled),
            "the new process did not come up: " + answer->text};
    }
    const auto space = std::min(text.find(' '), text.size());
    (void)std::from_chars(text.data(), text.data() + space, pid_);
    version_ = text.substr(std::min(space + 1, text.size()));
    return {};
}

void Successor::stop() { (void)channel_.say(HandoverChannel::Word::failed); }

void Successor::go() { (void)channel_.say(HandoverChannel::Word::go); }

}  // namespace hsmfront::runtime
