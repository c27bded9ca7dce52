#include "certs/ckr.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>

namespace hsmfront::certs {
namespace {

struct Row {
    CK_RV value;
    std::string_view name;
    CkrClass kind;
};

#define HSMFRONT_ROW(name, kind) \
    Row { name, #name, CkrClass::kind }

constexpr std::array rows{
    HSMFRONT_ROW(CKR_CANCEL, request),
    HSMFRONT_ROW(CKR_HOST_MEMORY, request),
    HSMFRONT_ROW(CKR_SLOT_ID_INVALID, generation),
    HSMFRONT_ROW(CKR_GENERAL_ERROR, generation),
    HSMFRONT_ROW(CKR_FUNCTION_FAILED, generation),
    HSMFRONT_ROW(CKR_ARGUMENTS_BAD, request),
    HSMFRONT_ROW(CKR_NEED_TO_CREATE_THREADS, generation),
    HSMFRONT_ROW(CKR_CANT_LOCK, generation),
    HSMFRONT_ROW(CKR_ATTRIBUTE_SENSITIVE, request),
    HSMFRONT_ROW(CKR_ATTRIBUTE_TYPE_INVALID, request),
    HSMFRONT_ROW(CKR_ATTRIBUTE_VALUE_INVALID, request),
    HSMFRONT_ROW(CKR_ACTION_PROHIBITED, request),
    HSMFRONT_ROW(CKR_DATA_INVALID, request),
    HSMFRONT_ROW(CKR_DATA_LEN_RANGE, request),
    HSMFRONT_ROW(CKR_DEVICE_ERROR, generation),
    HSMFRONT_ROW(CKR_DEVICE_MEMORY, generation),
    HSMFRONT_ROW(CKR_DEVICE_REMOVED, generation),
    HSMFRONT_ROW(CKR_FUNCTION_CANCELED, request),
    HSMFRONT_ROW(CKR_FUNCTION_NOT_SUPPORTED, request),
    HSMFRONT_ROW(CKR_KEY_HANDLE_INVALID, login),
    HSMFRONT_ROW(CKR_KEY_SIZE_RANGE, request),
    HSMFRONT_ROW(CKR_KEY_TYPE_INCONSISTENT, request),
    HSMFRONT_ROW(CKR_KEY_FUNCTION_NOT_PERMITTED, request),
    HSMFRONT_ROW(CKR_MECHANISM_INVALID, request),
    HSMFRONT_ROW(CKR_MECHANISM_PARAM_INVALID, request),
    HSMFRONT_ROW(CKR_OBJECT_HANDLE_INVALID, login),
    HSMFRONT_ROW(CKR_OPERATION_ACTIVE, session),
    HSMFRONT_ROW(CKR_OPERATION_NOT_INITIALIZED, session),
    HSMFRONT_ROW(CKR_PIN_INCORRECT, pin),
    HSMFRONT_ROW(CKR_PIN_INVALID, pin),
    HSMFRONT_ROW(CKR_PIN_LEN_RANGE, pin),
    HSMFRONT_ROW(CKR_PIN_EXPIRED, pin),
    HSMFRONT_ROW(CKR_PIN_LOCKED, pin),
    HSMFRONT_ROW(CKR_SESSION_CLOSED, session),
    HSMFRONT_ROW(CKR_SESSION_COUNT, session),
    HSMFRONT_ROW(CKR_SESSION_HANDLE_INVALID, session),
    HSMFRONT_ROW(CKR_SESSION_PARALLEL_NOT_SUPPORTED, request),
    HSMFRONT_ROW(CKR_SESSION_READ_ONLY, request),
    HSMFRONT_ROW(CKR_TEMPLATE_INCOMPLETE, request),
    HSMFRONT_ROW(CKR_TEMPLATE_INCONSISTENT, request),
    HSMFRONT_ROW(CKR_TOKEN_NOT_PRESENT, generation),
    HSMFRONT_ROW(CKR_TOKEN_NOT_RECOGNIZED, generation),
    HSMFRONT_ROW(CKR_TOKEN_WRITE_PROTECTED, request),
    HSMFRONT_ROW(CKR_USER_ALREADY_LOGGED_IN, login),
    HSMFRONT_ROW(CKR_USER_NOT_LOGGED_IN, login),
    HSMFRONT_ROW(CKR_USER_PIN_NOT_INITIALIZED, pin),
    HSMFRONT_ROW(CKR_USER_TYPE_INVALID, request),
    HSMFRONT_ROW(CKR_USER_ANOTHER_ALREADY_LOGGED_IN, request),
    HSMFRONT_ROW(CKR_USER_TOO_MANY_TYPES, request),
    HSMFRONT_ROW(CKR_RANDOM_NO_RNG, request),
    HSMFRONT_ROW(CKR_DOMAIN_PARAMS_INVALID, request),
    HSMFRONT_ROW(CKR_CURVE_NOT_SUPPORTED, request),
    HSMFRONT_ROW(CKR_BUFFER_TOO_SMALL, session),
    HSMFRONT_ROW(CKR_CRYPTOKI_NOT_INITIALIZED, generation),
    HSMFRONT_ROW(CKR_CRYPTOKI_ALREADY_INITIALIZED, request),
    HSMFRONT_ROW(CKR_MUTEX_BAD, generation),
    HSMFRONT_ROW(CKR_LIBRARY_LOAD_FAILED, generation),
    HSMFRONT_ROW(CKR_FIPS_SELF_TEST_FAILED, generation),
    HSMFRONT_ROW(CKR_FUNCTION_REJECTED, request),
};

#undef HSMFRONT_ROW

const Row* row_of(CK_RV value) {
    const auto* found = std::find_if(rows.begin(), rows.end(), [value](const Row& row) {
        return row.value == value;
    });
    return found == rows.end() ? nullptr : found;
}

/// error_code holds an int; PKCS#11 values are 32 bits wide (CKR_VENDOR_DEFINED is the top one).
CK_RV value_of(int stored) { return static_cast<unsigned int>(stored); }

// Boost's base has a protected, non-virtual destructor on purpose (constexpr constructible).
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"

class CkrCategory final : public boost::system::error_category {
  public:
    [[nodiscard]] const char* name() const noexcept override { return "pkcs11"; }

    [[nodiscard]] std::string message(int stored) const override {
        const CK_RV value = value_of(stored);
        const Row* row = row_of(value);
        std::array<char, 24> number{};
        (void)std::snprintf(number.data(), number.size(), "0x%lx", value);
        return row != nullptr ? std::string(row->name) + " (" + number.data() + ")"
                              : std::string("PKCS#11 error ") + number.data();
    }
};

#pragma GCC diagnostic pop

}  // namespace

const boost::system::error_category& ckr_category() noexcept {
    static const CkrCategory category;
    return category;
}

error_code ckr_error(CK_RV value) noexcept {
    return {static_cast<int>(static_cast<unsigned int>(value)), ckr_category()};
}

bool is_ckr(const error_code& error, CK_RV value) noexcept {
    return error.category() == ckr_category() && value_of(error.value()) == value;
}

CkrClass ckr_class(const error_code& error) noexcept {
    if (error.category() != ckr_category()) {
        return error ? CkrClass::request : CkrClass::ok;
    }
    const CK_RV value = value_of(error.value());
    if (value == CKR_OK) {
        return CkrClass::ok;
    }
    if (value >= CKR_VENDOR_DEFINED) {
        return CkrClass::generation;
    }
    const Row* row = row_of(value);
    return row != nullptr ? row->kind : CkrClass::request;
}

}  // namespace hsmfront::certs
