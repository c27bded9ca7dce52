// The servers behind the proxy: vsftpd, nginx, and an HTTP origin that shows what it was sent.
#include "tests/harness/backends.hpp"

#include "tests/harness/files.hpp"

#include <csignal>
#include <pwd.h>
#include <stdexcept>
#include <unistd.h>

namespace hsmfront::test {
namespace {

namespace fs = std::filesystem;

fs::path make_directory(const fs::path& directory) {
    fs::create_directories(directory);
    return directory;
}

std::string user_name() {
    const passwd* user = ::getpwuid(::geteuid());
    return user == nullptr ? "nobody" : user->pw_name;
}

Command vsftpd_command(const fs::path& directory, std::uint16_t port) {
    const fs::path file = directory / "vsftpd.conf";
    // Its data ports are none of a PortBlock's, where a proxy may be about to listen.
    write_file(
        file,
        "listen=YES\nlisten_address=127.0.0.1\nlisten_port=" + std::to_string(port) +
            "\nbackground=NO\nrun_as_launching_user=YES\nftp_username=" + user_name() +
            "\nmax_clients=0\nmax_per_ip=0\nlocal_enable=NO\nanonymous_enable=YES\nanon_root=" +
            (directory / "root").string() +
            "\nwrite_enable=YES\nanon_upload_enable=YES\nanon_mkdir_write_enable=YES\n"
            "anon_other_write_enable=YES\nanon_world_readable_only=NO\nallow_writeable_chroot=YES\n"
            "secure_chroot_dir=" +
            directory.string() +
            "\nseccomp_sandbox=NO\nisolate=NO\nisolate_network=NO\nconnect_from_port_20=NO\n"
            "pasv_min_port=61000\npasv_max_port=65500\n"
            "xferlog_enable=YES\ndual_log_enable=YES\nlog_ftp_protocol=YES\nvsftpd_log_file=" +
            (directory / "vsftpd.log").string() +
            "\nxferlog_file=" + (directory / "xfer.log").string() + "\n"
    );
    Command command;
    command.argv = {"vsftpd", file.string()};
    command.env = {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}};
    command.output = directory / "output.log";
    return command;
}

std::string nginx_temp_paths(const fs::path& directory) {
    std::string text;
    for (const char* name : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
        text += std::string(name) + "_temp_path " + (directory / name).string() + ";\n";
    }
    return text;
}

Command nginx_command(
    const fs::path& directory, std::uint16_t port, const std::string& directives
) {
    const fs::path file = directory / "nginx.conf";
    write_file(
        file,
        "daemon off;\nmaster_process off;\npid " + (directory / "pid").string() +
            ";\nerror_log stderr;\nevents { worker_connections 512; }\nhttp {\n"
            "log_format seen '$request_method $uri $status connection=$connection "
            "for=$http_x_forwarded_for proto=$http_x_forwarded_proto host=$http_x_forwarded_host "
            "port=$http_x_forwarded_port';\naccess_log " +
            (directory / "access.log").string() + " seen;\nclient_max_body_size 0;\n" +
            nginx_temp_paths(directory) +
            "include /etc/nginx/mime.types;\nkeepalive_requests 1000000;\nserver {\nlisten "
            "127.0.0.1:" +
            std::to_string(port) + ";\nroot " + (directory / "root").string() +
            ";\nlocation / { dav_methods PUT DELETE; create_full_put_path on; }\n"
            "location = /small { return 200 'small'; }\nlocation = /idle { return 204; }\n" +
            directives + "}\n}\n"
    );
    Command command;
    command.argv = {"nginx", "-p", directory.string(), "-e", "stderr", "-c", file.string()};
    command.env = {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}};
    command.output = directory / "output.log";
    return command;
}

Command origin_command(const fs::path& directory, std::uint16_t port) {
    Command command;
    command.argv = {"python3", HSMFRONT_SOURCE_DIR "/tests/tools/origin.py", std::to_string(port)};
    command.output = directory / "output.log";
    return command;
}

void await(Process& process, std::uint16_t port, const fs::path& output) {
    const bool up = eventually([&] { return listens(port) || !process.running(); });
    if (!up || !process.running()) {
        throw std::runtime_error("a backend did not start: " + text_of(output));
    }
}

}  // namespace

Vsftpd::Vsftpd(const fs::path& directory, PortBlock& ports)
    : directory_(directory),
      port_(ports.next()),
      root_(make_directory(directory / "root")),
      log_(directory / "vsftpd.log") {
    restart();
}

void Vsftpd::kill() { process_.reset(); }

void Vsftpd::restart() {
    process_ = std::make_unique<Process>(vsftpd_command(directory_, port_));
    await(*process_, port_, directory_ / "output.log");
}

std::string Vsftpd::log() const { return text_of(log_); }

Nginx::Nginx(const fs::path& directory, PortBlock& ports, const std::string& directives)
    : directory_(directory),
      port_(ports.next()),
      directives_(directives),
      root_(make_directory(directory / "root")),
      log_(directory / "access.log") {
    restart();
}

void Nginx::kill() {
    process_->signal(SIGKILL);
    process_->wait(10s);
}

void Nginx::restart() {
    process_ = std::make_unique<Process>(nginx_command(directory_, port_, directives_));
    await(*process_, port_, directory_ / "output.log");
}

std::string Nginx::log() const { return text_of(log_); }

Origin::Origin(const fs::path& directory, PortBlock& ports)
    : port_(ports.next()), process_(origin_command(make_directory(directory), port_)) {
    await(process_, port_, directory / "output.log");
}

}  // namespace hsmfront::test
