// ShimStage: a Stage whose proxy sees the token through the PKCS#11 shim.
#pragma once

#include "tests/harness/stage.hpp"
#include "tests/support/shim_control.hpp"

#include <memory>
#include <string>

namespace hsmfront::test {

class ShimStage : public Stage {
  protected:
    ShimStage() { config.hsm.module = ShimControl::module().string(); }

    /// curl in the background, writing to `name` in scratch().
    [[nodiscard]] std::unique_ptr<Process> download(
        const std::string& url, const std::string& name, const std::vector<std::string>& more = {}
    ) const {
        Command command;
        command.argv = {
            "curl",
            "-sS",
            "--globoff",
            "--ssl-reqd",
            "--user",
            "ftp:secret",
            "--cacert",
            Material::get().ca().string(),
            "-o",
            (scratch() / name).string(),
            url};
        command.argv.insert(command.argv.end(), more.begin(), more.end());
        command.output = scratch() / (name + ".log");
        return std::make_unique<Process>(command);
    }

    ShimControl shim;  ///< its environment reaches the proxy
};

}  // namespace hsmfront::test
