#include "proxy/tls/provider.hpp"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/provider.h>

#include <array>

namespace hsmfront::tls::provider {
namespace {

const OSSL_ALGORITHM* query_operation(void*, int operation, int* no_cache) {
    *no_cache = 0;
    switch (operation) {
        case OSSL_OP_KEYMGMT:
            return key_management_algorithms();
        case OSSL_OP_SIGNATURE:
            return signature_algorithms();
        default:
            return nullptr;
    }
}

int initialise(
    const OSSL_CORE_HANDLE* handle,
    const OSSL_DISPATCH*,
    const OSSL_DISPATCH** functions,
    void** context
) {
    static const std::array table{
        OSSL_DISPATCH{OSSL_FUNC_PROVIDER_QUERY_OPERATION, dispatch(query_operation)},
        OSSL_DISPATCH{0, nullptr},
    };
    *functions = table.data();
    *context = const_cast<OSSL_CORE_HANDLE*>(handle);  // only has to be something
    return 1;
}

OSSL_LIB_CTX* load() {
    OSSL_LIB_CTX* context = OSSL_LIB_CTX_new();
    if (context == nullptr || OSSL_PROVIDER_add_builtin(context, "hsmfront", initialise) != 1 ||
        OSSL_PROVIDER_load(context, "hsmfront") == nullptr) {
        OSSL_LIB_CTX_free(context);
        return nullptr;
    }
    return context;
}

}  // namespace

OSSL_LIB_CTX* library_context() {
    // Lives as long as the process: keys in SSL_CTXs refer to it until the very end.
    static OSSL_LIB_CTX* const context = load();
    return context;
}

}  // namespace hsmfront::tls::provider
