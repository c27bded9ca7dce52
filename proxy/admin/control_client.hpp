// ControlClient: a command's side of the admin socket.
#pragma once

#include "certs/chain.hpp"
#include "proxy/admin/control_protocol.hpp"

#include <filesystem>

namespace hsmfront::admin {

/// Asks the service behind `socket` and waits for its answer. The message of a failure says what to
/// do. Blocks.
[[nodiscard]] certs::Loaded<ControlReply> ask(
    const std::filesystem::path& socket, Verb verb, const certs::Secret& pin = {}
);

}  // namespace hsmfront::admin
