#include "certs/module.hpp"

#include "certs/ckr.hpp"
#include "certs/errc.hpp"

#include <condition_variable>
#include <dlfcn.h>
#include <map>
#include <mutex>

namespace hsmfront::certs {
namespace {

/// The modules of this process. An entry exists from the start of loading to the end of closing;
/// only while the module is in use does its pointer lock.
class Registry {
  public:
    /// The module in use, or an empty pointer with the entry reserved for the caller to load.
    std::shared_ptr<Module> find_or_reserve(const std::filesystem::path& file) {
        std::unique_lock lock(mutex_);
        for (;;) {
            const auto found = modules_.find(file);
            if (found == modules_.end()) {
                modules_.emplace(file, std::weak_ptr<Module>());
                return nullptr;
            }
            if (auto module = found->second.lock()) {
                return module;
            }
            changed_.wait(lock);
        }
    }

    void put(const std::filesystem::path& file, const std::shared_ptr<Module>& module) {
        const std::lock_guard lock(mutex_);
        modules_[file] = module;
        changed_.notify_all();
    }

    void remove(const std::filesystem::path& file) {
        const std::lock_guard lock(mutex_);
        modules_.erase(file);
        changed_.notify_all();
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::filesystem::path, std::weak_ptr<Module>> modules_;
};

/// Never destroyed: a stuck signer thread may let go of its module during exit.
Registry& registry() {
    static auto* const instance = new Registry;
    return *instance;
}

Failure not_loadable(const std::filesystem::path& file, const std::string& why) {
    return Failure{Errc::module_not_loadable, "hsm.module " + file.string() + ": " + why};
}

std::string last_loader_error() {
    const char* text = ::dlerror();
    return text != nullptr ? text : "unknown reason";
}

}  // namespace

Loaded<std::shared_ptr<Module>> Module::load(const std::filesystem::path& file) {
    if (auto module = registry().find_or_reserve(file)) {
        return module;
    }
    auto module = open(file);
    if (module) {
        (*module)->listed_ = true;
        registry().put(file, *module);
    } else {
        registry().remove(file);
    }
    return module;
}

Loaded<std::shared_ptr<Module>> Module::open(const std::filesystem::path& file) {
    const std::shared_ptr<Module> module(new Module(file));
    module->library_ = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (module->library_ == nullptr) {
        return not_loadable(file, last_loader_error() + "; install the HSM's PKCS#11 library");
    }
    const auto function_list = reinterpret_cast<CK_RV (*)(CK_FUNCTION_LIST**)>(
        ::dlsym(module->library_, "C_GetFunctionList")
    );
    if (function_list == nullptr) {
        return not_loadable(file, "no PKCS#11 library: it has no C_GetFunctionList");
    }
    const CK_RV listed = function_list(&module->functions_);
    if (listed != CKR_OK || module->functions_ == nullptr) {
        return not_loadable(file, "C_GetFunctionList: " + ckr_error(listed).message());
    }
    if (auto done = module->initialise(); !done) {
        return done.error();
    }
    return module;
}

Loaded<void> Module::initialise() {
    CK_C_INITIALIZE_ARGS args{};
    args.flags = CKF_OS_LOCKING_OK;
    const CK_RV result = functions_->C_Initialize(&args);
    if (result == CKR_CRYPTOKI_ALREADY_INITIALIZED) {
        return {};
    }
    if (result != CKR_OK) {
        const error_code error = ckr_error(result);
        const bool away = result != CKR_CANT_LOCK && ckr_class(error) == CkrClass::generation;
        return Failure{
            away ? Errc::token_unavailable : Errc::module_not_loadable,
            "hsm.module " + file_.string() + ": C_Initialize: " + error.message()};
    }
    initialised_ = true;
    return {};
}

Module::~Module() {
    if (initialised_) {
        (void)functions_->C_Finalize(nullptr);
    }
    if (library_ != nullptr) {
        (void)::dlclose(library_);
    }
    if (listed_) {
        registry().remove(file_);
    }
}

}  // namespace hsmfront::certs
