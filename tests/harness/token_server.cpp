// TokenServer: a token in processes of its own, reached over a socket, that a test can kill.
#include "tests/harness/token_server.hpp"

#include <algorithm>
#include <csignal>
#include <fstream>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace hsmfront::test {
namespace {

bool accepts(const std::filesystem::path& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string name = path.string();
    if (name.size() >= sizeof address.sun_path) {
        throw std::runtime_error("too long for a socket: " + name);
    }
    name.copy(address.sun_path, name.size());
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool connected =
        ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(fd);
    return connected;
}

bool living(pid_t process) {
    std::ifstream file("/proc/" + std::to_string(process) + "/stat");
    std::string text;
    std::getline(file, text);
    const auto name_end = text.rfind(") ");
    return name_end != std::string::npos && text.at(name_end + 2) != 'Z';
}

}  // namespace

std::vector<pid_t> children_of(pid_t process) {
    const auto id = std::to_string(process);
    std::ifstream file("/proc/" + id + "/task/" + id + "/children");
    std::vector<pid_t> children;
    for (pid_t child = 0; file >> child;) {
        children.push_back(child);
    }
    return children;
}

TokenServer::TokenServer(
    std::filesystem::path directory, std::map<std::string, std::string> token_environment
)
    : directory_(std::move(directory)), environment_(std::move(token_environment)) {
    std::filesystem::create_directories(directory_);
    start();
}

std::map<std::string, std::string> TokenServer::environment() const {
    return {{"P11_KIT_SERVER_ADDRESS", "unix:path=" + (directory_ / "socket").string()}};
}

void TokenServer::start() {
    const auto socket = directory_ / "socket";
    std::filesystem::remove(socket);  // a killed server leaves it behind
    Command command;
    command.argv = {
        "p11-kit",
        "server",
        "--foreground",
        "--provider",
        Token::module,
        "--name",
        socket.string(),
        "pkcs11:"};
    command.env = environment_;
    command.output = directory_ / "server.log";
    server_ = std::make_unique<Process>(command);
    if (!eventually([&] { return accepts(socket) || !server_->running(); }) ||
        !server_->running()) {
        throw std::runtime_error("p11-kit server does not start");
    }
}

void TokenServer::kill() {
    ::kill(server_->pid(), SIGSTOP);  // from here on it starts no more children
    const auto remotes = children_of(server_->pid());
    for (const pid_t remote : remotes) {
        ::kill(remote, SIGKILL);
    }
    server_->signal(SIGKILL);
    const bool gone = eventually([&] {
        return std::none_of(remotes.begin(), remotes.end(), living) && !server_->running();
    });
    if (!gone) {
        throw std::runtime_error("p11-kit server outlives SIGKILL");
    }
}

std::size_t TokenServer::connections() const {
    const auto children = children_of(server_->pid());
    return static_cast<std::size_t>(std::count_if(children.begin(), children.end(), living));
}

}  // namespace hsmfront::test
