#include "proxy/runtime/predecessor.hpp"

#include "proxy/runtime/exit_code.hpp"
#include "proxy/runtime/spawn.hpp"

#include <cstdlib>
#include <fcntl.h>
#include <iostream>
#include <unistd.h>

namespace hsmfront::runtime {
namespace {

constexpr const char* variable = "HSMFRONT_HANDOVER";
constexpr std::string_view first_start = "start";
constexpr std::string_view second_start = "take";

bool asked_for(std::string_view what) {
    const char* const value = std::getenv(variable);
    return value != nullptr && value == what;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> Predecessor::variables_of_first_start() {
    // WATCHDOG_PID is the pid of the old process, whose duty passes on (sd_watchdog_enabled(3)).
    return {{variable, std::string(first_start)}, {"WATCHDOG_PID", ""}};
}

std::optional<int> Predecessor::begin() {
    if (!asked_for(first_start)) {
        return std::nullopt;
    }
    const auto started =
        spawn(CommandLine::present(), {{variable, std::string(second_start)}}, spawned_channel);
    if (!started) {
        std::cerr << "hsmfront: cannot take over: " << started.error().message() << '\n';
        return exit_failed;
    }
    return exit_done;
}

certs::Loaded<std::unique_ptr<Predecessor>> Predecessor::from_environment() {
    if (!asked_for(second_start)) {
        return std::unique_ptr<Predecessor>();
    }
    ::unsetenv(variable);
    ::fcntl(spawned_channel, F_SETFD, FD_CLOEXEC);
    HandoverChannel channel{net::Descriptor(spawned_channel)};
    auto handover = channel.take();
    if (!handover) {
        return certs::Failure{
            handover.error(),
            "cannot take over from the running process: " + handover.error().message()};
    }
    return std::unique_ptr<Predecessor>(new Predecessor(std::move(channel), std::move(*handover)));
}

void Predecessor::fail(std::string_view reason) {
    (void)channel_.say(HandoverChannel::Word::failed, reason);
}

void Predecessor::ready() {
    ready_ = true;
    (void
    )channel_.say(HandoverChannel::Word::ready, std::to_string(::getpid()) + " " HSMFRONT_VERSION);
}

void Predecessor::listen(
    net::asio::io_context& context, std::function<void()> go, std::function<void()> gone
) {
    go_ = std::move(go);
    gone_ = std::move(gone);
    if (auto copy = net::Descriptor::duplicate_of(channel_.fd())) {
        readable_.emplace(context, copy->release());
        wait();
    }
}

void Predecessor::close() { readable_.reset(); }

void Predecessor::wait() {
    readable_->async_wait(
        net::asio::posix::descriptor_base::wait_read,
        [this](const error_code& ec) {
            if (ec) {
                return;
            }
            const auto message = channel_.hear();
            if (!message && message.error() == boost::system::errc::operation_would_block) {
                wait();
                return;
            }
            // Killed after ready(): nobody else is left to serve.
            const bool alone = !message && ready_;
            const bool told = message && message->word == HandoverChannel::Word::go;
            const auto call = told || alone ? go_ : gone_;
            close();
            call();
        }
    );
}

}  // namespace hsmfront::runtime
