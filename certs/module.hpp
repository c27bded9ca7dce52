// Module: one loaded and initialised PKCS#11 library.
#pragma once

#include "certs/chain.hpp"

#include <p11-kit/pkcs11.h>

#include <filesystem>
#include <memory>

namespace hsmfront::certs {

/// Whoever may be inside a call holds a shared_ptr to the module, so that C_Finalize and dlclose
/// run when nobody is (C_Finalize during C_Sign crashes): quiescing is a matter of letting go.
/// There is one Module per file in the process, because C_Initialize and C_Finalize are per
/// process: `load` hands out the one in use, and waits for one that is just being closed.
class Module {
  public:
    /// dlopen, C_GetFunctionList, C_Initialize(CKF_OS_LOCKING_OK). Blocks.
    /// Errc: module_not_loadable, token_unavailable (C_Initialize failed: the HSM's service is
    /// away).
    [[nodiscard]] static Loaded<std::shared_ptr<Module>> load(const std::filesystem::path& file);

    /// C_Finalize (unless somebody else initialised the library) and dlclose: some libraries find
    /// their HSM again only when loaded afresh.
    ~Module();
    Module(const Module&) = delete;
    Module& operator=(const Module&) = delete;

    [[nodiscard]] const CK_FUNCTION_LIST& call() const noexcept { return *functions_; }
    [[nodiscard]] const std::filesystem::path& file() const noexcept { return file_; }

  private:
    explicit Module(std::filesystem::path file) : file_(std::move(file)) {}

    [[nodiscard]] static Loaded<std::shared_ptr<Module>> open(const std::filesystem::path& file);
    [[nodiscard]] Loaded<void> initialise();

    std::filesystem::path file_;
    void* library_ = nullptr;
    CK_FUNCTION_LIST* functions_ = nullptr;
    bool initialised_ = false;
    bool listed_ = false;
};

}  // namespace hsmfront::certs
