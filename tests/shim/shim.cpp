// A PKCS#11 module for tests: forwards every call to a real module and misbehaves as told.
//
// Environment, read when the library is loaded:
//   HSMFRONT_SHIM_MODULE    the real module; default /usr/lib/softhsm/libsofthsm2.so
//   HSMFRONT_SHIM_PIN       what is typed at the PIN pad, and what no_login logs in with
//   HSMFRONT_SHIM_CONTROL   file of switches, "name=value" lines (0x30 or 48, '#' comments), looked
//                           at again with each call: replace it by rename(2). An unknown name
//                           aborts.
//   HSMFRONT_SHIM_COUNTERS  file of counters (counters.hpp): inits, finalizes, opens, closes,
//                           logins (C_Login of the user, right or wrong), context_logins,
//                           sign_inits, signs (begun), signs_failed, signing_now, last_mechanism
//   HSMFRONT_SHIM_PROBE     folder for what probe.hpp tries, at each C_Initialize
// Switches (0 or absent: off):
//   delay_ms=N         each C_Sign takes N ms longer; in parallel
//   jitter_ms=N        and a random 0..N ms
//   stall=1            C_Sign does not return while the file says so
//   stall_first=N      so do the first N C_Sign calls since the file last changed, as long as it
//                      stays unchanged
//   fail_sign=CKR      C_Sign returns this; with fail_every=N only each N-th call,
//                      with fail_first=N only the first N calls since the file last changed
//   fail_sign_init=CKR likewise C_SignInit; not both at once
//   down=CKR           every call returns this, C_GetSlotList shows no slot; C_Initialize and
//                      C_Finalize still work
//   drop=N             once for each new N: all sessions are closed, and with them the login
//   max_sessions=N     C_OpenSession returns CKR_SESSION_COUNT when N are open
//   report_max_sessions=N   C_GetTokenInfo's ulMaxSessionCount
//   no_pss=1           CKM_RSA_PKCS_PSS is neither listed nor accepted
//   no_raw_rsa=1       CKM_RSA_X_509 likewise
//   hide_public=1      no public key or certificate is found, private keys do not tell theirs
//   open_rv=CKR        C_OpenSession returns this
//   init_rv=CKR        C_Initialize returns this
//   login_rv=CKR       C_Login returns this, the real token is not asked
//   token_flags=F      C_GetTokenInfo's flags get these bits too; with
//                      CKF_PROTECTED_AUTHENTICATION_PATH, C_Login without a PIN works
//   no_login=1         C_GetTokenInfo has no CKF_LOGIN_REQUIRED, C_Login fails, keys are there
//                      without (as in nShield's accelerator slot)
//   only_slot=N        delay_ms, jitter_ms, stall, fail_sign, open_rv and login_rv spare all other
//                      slots
//   no_slots=1         C_GetSlotList shows no slot
//   extractable=1      every key says that it is
#include "control.hpp"
#include "counters.hpp"
#include "foreign_leaks.hpp"
#include "probe.hpp"

#include <p11-kit/pkcs11.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <random>
#include <shared_mutex>
#include <string_view>
#include <thread>
#include <vector>

namespace hsmfront::shim {
namespace {

using namespace std::chrono_literals;

/// State of the library from dlopen to dlclose.
struct Shim {
    Shim();
    ~Shim();
    Shim(const Shim&) = delete;
    Shim& operator=(const Shim&) = delete;

    Control control;
    Counters counters;
    void* library = nullptr;
    CK_FUNCTION_LIST* real = nullptr;
    CK_FUNCTION_LIST functions{};
    /// Calls hold it shared; dropping the sessions under a call's feet needs it alone.
    std::shared_mutex calls;
    std::atomic<long> dropped = 0;
    std::atomic<long> sessions = 0;
    std::atomic<std::uint64_t> sign_calls = 0;
    std::mutex first_mutex;
};

Shim& shim();

/// The answer of a call that does not come to the real module; CKR_OK: go on.
CK_RV gate() {
    const Switches& switches = shim().control.now();
    if (const long down = switches.down; down != 0) {
        return static_cast<CK_RV>(down);
    }
    const long drop = switches.drop;
    if (drop != 0 && drop != shim().dropped) {
        const std::unique_lock alone(shim().calls);
        if (shim().dropped.exchange(drop) != drop) {
            std::vector<CK_SLOT_ID> slots(64);
            CK_ULONG count = slots.size();
            (void)shim().real->C_GetSlotList(CK_TRUE, slots.data(), &count);
            for (CK_ULONG i = 0; i < count; ++i) {
                (void)shim().real->C_CloseAllSessions(slots[i]);
            }
            shim().sessions = 0;
        }
    }
    return CKR_OK;
}

/// Calls the real module's function of the same place in the list.
template <auto Function, class... Args>
CK_RV forward(Args... args) {
    if (const CK_RV refused = gate(); refused != CKR_OK) {
        return refused;
    }
    const std::shared_lock call(shim().calls);
    return (shim().real->*Function)(args...);
}

template <auto Function, class... Args>
void install(CK_RV (*CK_FUNCTION_LIST::*place)(Args...)) {
    shim().functions.*place = forward<Function, Args...>;
}

/// The switch only_slot means another slot than this.
bool spared(CK_SLOT_ID slot) {
    const long only = shim().control.now().only_slot;
    return only != 0 && static_cast<CK_SLOT_ID>(only) != slot;
}

bool spared_session(CK_SESSION_HANDLE session) {
    CK_SESSION_INFO info{};
    return shim().control.now().only_slot != 0 &&
           shim().real->C_GetSessionInfo(session, &info) == CKR_OK && spared(info.slotID);
}

/// The PIN that somebody else knows.
std::string_view own_pin() {
    const char* pin = std::getenv("HSMFRONT_SHIM_PIN");
    return pin != nullptr ? pin : "";
}

CK_RV login_by_itself(CK_SESSION_HANDLE session, CK_USER_TYPE user) {
    auto* pin = reinterpret_cast<unsigned char*>(const_cast<char*>(own_pin().data()));
    return forward<&CK_FUNCTION_LIST::C_Login>(session, user, pin, own_pin().size());
}

CK_RV initialize(void* args) {
    if (const long refused = shim().control.now().init_rv; refused != 0) {
        return static_cast<CK_RV>(refused);
    }
    const CK_RV result = shim().real->C_Initialize(args);
    if (result == CKR_OK) {
        shim().counters.add(inits);
        probe_confinement();
        shim().sessions = 0;
        // A drop asked for earlier was of an earlier life's sessions.
        shim().dropped = shim().control.now().drop.load();
    }
    return result;
}

CK_RV finalize(void* reserved) {
    shim().counters.add(finalizes);
    return shim().real->C_Finalize(reserved);
}

CK_RV function_list(CK_FUNCTION_LIST** list);

CK_RV slot_list(unsigned char present, CK_SLOT_ID* slots, unsigned long* count) {
    const Switches& switches = shim().control.now();
    if (switches.down != 0 || switches.no_slots != 0) {
        *count = 0;
        return CKR_OK;
    }
    return forward<&CK_FUNCTION_LIST::C_GetSlotList>(present, slots, count);
}

CK_RV token_info(CK_SLOT_ID slot, CK_TOKEN_INFO* info) {
    const CK_RV result = forward<&CK_FUNCTION_LIST::C_GetTokenInfo>(slot, info);
    const Switches& switches = shim().control.now();
    if (result == CKR_OK) {
        info->flags |= static_cast<CK_FLAGS>(switches.token_flags.load());
        if (switches.no_login != 0) {
            info->flags &= ~static_cast<CK_FLAGS>(CKF_LOGIN_REQUIRED);
        }
        if (const long reported = switches.report_max_sessions; reported != 0) {
            info->ulMaxSessionCount = static_cast<CK_ULONG>(reported);
        }
    }
    return result;
}

bool hidden(CK_MECHANISM_TYPE type) {
    const Switches& switches = shim().control.now();
    return (type == CKM_RSA_PKCS_PSS && switches.no_pss != 0) ||
           (type == CKM_RSA_X_509 && switches.no_raw_rsa != 0);
}

CK_RV mechanism_list(CK_SLOT_ID slot, CK_MECHANISM_TYPE* list, unsigned long* count) {
    const CK_RV result = forward<&CK_FUNCTION_LIST::C_GetMechanismList>(slot, list, count);
    if (result == CKR_OK && list != nullptr) {
        *count = static_cast<CK_ULONG>(std::remove_if(list, list + *count, hidden) - list);
    }
    return result;
}

CK_RV open_session(
    CK_SLOT_ID slot, CK_FLAGS flags, void* application, CK_NOTIFY notify, CK_SESSION_HANDLE* session
) {
    const Switches& switches = shim().control.now();
    if (const long refused = switches.open_rv; refused != 0 && !spared(slot)) {
        return static_cast<CK_RV>(refused);
    }
    const long most = switches.max_sessions;
    if (++shim().sessions > most && most != 0) {
        --shim().sessions;
        return CKR_SESSION_COUNT;
    }
    const CK_RV result =
        forward<&CK_FUNCTION_LIST::C_OpenSession>(slot, flags, application, notify, session);
    if (result == CKR_OK) {
        shim().counters.add(opens);
        if (switches.no_login != 0) {
            (void)login_by_itself(*session, CKU_USER);
        }
    } else {
        --shim().sessions;
    }
    return result;
}

CK_RV close_session(CK_SESSION_HANDLE session) {
    const CK_RV result = forward<&CK_FUNCTION_LIST::C_CloseSession>(session);
    if (result == CKR_OK) {
        --shim().sessions;
        shim().counters.add(closes);
    }
    return result;
}

CK_RV login(
    CK_SESSION_HANDLE session, CK_USER_TYPE user, unsigned char* pin, unsigned long pin_size
) {
    shim().counters.add(user == CKU_CONTEXT_SPECIFIC ? context_logins : logins);
    const Switches& switches = shim().control.now();
    if (const long refused = switches.login_rv; refused != 0 && !spared_session(session)) {
        return static_cast<CK_RV>(refused);
    }
    if (switches.no_login != 0) {
        return CKR_USER_TYPE_INVALID;
    }
    if (pin == nullptr && (switches.token_flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0) {
        return login_by_itself(session, user);
    }
    return forward<&CK_FUNCTION_LIST::C_Login>(session, user, pin, pin_size);
}

bool asks_for_public(const CK_ATTRIBUTE& attribute) {
    CK_OBJECT_CLASS kind = CKO_DATA;
    if (attribute.type == CKA_CLASS && attribute.ulValueLen == sizeof(kind)) {
        std::memcpy(&kind, attribute.pValue, sizeof(kind));
    }
    return kind == CKO_PUBLIC_KEY || kind == CKO_CERTIFICATE;
}

CK_RV find_init(CK_SESSION_HANDLE session, CK_ATTRIBUTE* attributes, unsigned long count) {
    const bool hide = shim().control.now().hide_public != 0 &&
                      std::any_of(attributes, attributes + count, asks_for_public);
    if (!hide) {
        return forward<&CK_FUNCTION_LIST::C_FindObjectsInit>(session, attributes, count);
    }
    CK_OBJECT_CLASS none = CKO_VENDOR_DEFINED | 0x5eedUL;
    CK_ATTRIBUTE nothing{CKA_CLASS, &none, sizeof(none)};
    return forward<&CK_FUNCTION_LIST::C_FindObjectsInit>(session, &nothing, 1UL);
}

CK_RV attribute_value(
    CK_SESSION_HANDLE session,
    CK_OBJECT_HANDLE object,
    CK_ATTRIBUTE* attributes,
    unsigned long count
) {
    const bool tells = std::any_of(attributes, attributes + count, [](const CK_ATTRIBUTE& wanted) {
        return wanted.type == CKA_MODULUS || wanted.type == CKA_EC_POINT;
    });
    if (tells && shim().control.now().hide_public != 0) {
        return CKR_ATTRIBUTE_TYPE_INVALID;
    }
    const CK_RV result =
        forward<&CK_FUNCTION_LIST::C_GetAttributeValue>(session, object, attributes, count);
    for (unsigned long i = 0; i < count && shim().control.now().extractable != 0; ++i) {
        if (attributes[i].type == CKA_EXTRACTABLE && attributes[i].pValue != nullptr) {
            *static_cast<CK_BBOOL*>(attributes[i].pValue) = CK_TRUE;
        }
    }
    return result;
}

/// Takes one of the "first N calls since the file changed"; counted beyond a reload of the library.
bool take_first(CounterIndex taken, long limit) {
    const std::lock_guard lock(shim().first_mutex);
    Counters& counters = shim().counters;
    const std::uint64_t version = shim().control.now().version;
    if (counters.value(control_seen) != version) {
        counters.set(control_seen, version);
        counters.set(stalled_first, 0);
        counters.set(failed_first, 0);
    }
    if (counters.value(taken) >= static_cast<std::uint64_t>(limit)) {
        return false;
    }
    counters.add(taken);
    return true;
}

/// `wanted` if it is this call's turn.
CK_RV planned_failure(long wanted) {
    const Switches& switches = shim().control.now();
    const auto failure = static_cast<CK_RV>(wanted);
    if (failure == CKR_OK) {
        return CKR_OK;
    }
    const std::uint64_t number = ++shim().sign_calls;
    if (const long every = switches.fail_every; every != 0) {
        return number % static_cast<std::uint64_t>(every) == 0 ? failure : CKR_OK;
    }
    if (const long first = switches.fail_first; first != 0) {
        return take_first(failed_first, first) ? failure : CKR_OK;
    }
    return failure;
}

CK_RV sign_init(CK_SESSION_HANDLE session, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE key) {
    if (hidden(mechanism->mechanism)) {
        return CKR_MECHANISM_INVALID;
    }
    shim().counters.add(sign_inits);
    shim().counters.set(last_mechanism, mechanism->mechanism);
    if (const CK_RV failed = planned_failure(shim().control.now().fail_sign_init);
        failed != CKR_OK) {
        return failed;
    }
    const ForeignLeaks softhsm_leaks_the_name_of_ed25519;
    return forward<&CK_FUNCTION_LIST::C_SignInit>(session, mechanism, key);
}

void hold_up() {
    const Switches& switches = shim().control.now();
    while (shim().control.now().stall != 0) {
        std::this_thread::sleep_for(1ms);
    }
    if (const long limit = switches.stall_first; limit != 0 && take_first(stalled_first, limit)) {
        const std::uint64_t version = switches.version;
        while (shim().control.now().version == version) {
            std::this_thread::sleep_for(1ms);
        }
    }
    auto delay = std::chrono::milliseconds(switches.delay_ms.load());
    if (const long jitter = switches.jitter_ms; jitter != 0) {
        thread_local std::minstd_rand random{std::random_device{}()};
        delay += std::chrono::milliseconds(std::uniform_int_distribution<long>(0, jitter)(random));
    }
    if (delay > 0ms) {
        std::this_thread::sleep_for(delay);
    }
}

CK_RV sign(
    CK_SESSION_HANDLE session,
    unsigned char* data,
    unsigned long size,
    unsigned char* signature,
    unsigned long* signature_size
) {
    shim().counters.add(signs);
    shim().counters.add(signing_now);
    const bool spare = spared_session(session);
    if (!spare) {
        hold_up();
    }
    CK_RV result = spare ? CKR_OK : planned_failure(shim().control.now().fail_sign);
    if (result != CKR_OK) {
        // The real module must see its operation end.
        std::vector<unsigned char> unused(4096);
        unsigned long unused_size = unused.size();
        (void)forward<&CK_FUNCTION_LIST::C_Sign>(session, data, size, unused.data(), &unused_size);
    } else {
        result = forward<&CK_FUNCTION_LIST::C_Sign>(session, data, size, signature, signature_size);
    }
    if (result != CKR_OK) {
        shim().counters.add(signs_failed);
    }
    shim().counters.subtract(signing_now);
    return result;
}

#define HSMFRONT_FORWARD(name) install<&CK_FUNCTION_LIST::name>(&CK_FUNCTION_LIST::name)

/// Every function the proxy or a test may call; the rest goes to the real module unseen.
void install_all() {
    CK_FUNCTION_LIST& list = shim().functions;
    list = *shim().real;
    HSMFRONT_FORWARD(C_GetInfo);
    HSMFRONT_FORWARD(C_GetSlotInfo);
    HSMFRONT_FORWARD(C_GetMechanismInfo);
    HSMFRONT_FORWARD(C_InitToken);
    HSMFRONT_FORWARD(C_InitPIN);
    HSMFRONT_FORWARD(C_CloseAllSessions);
    HSMFRONT_FORWARD(C_GetSessionInfo);
    HSMFRONT_FORWARD(C_Logout);
    HSMFRONT_FORWARD(C_CreateObject);
    HSMFRONT_FORWARD(C_DestroyObject);
    HSMFRONT_FORWARD(C_SetAttributeValue);
    HSMFRONT_FORWARD(C_FindObjects);
    HSMFRONT_FORWARD(C_FindObjectsFinal);
    HSMFRONT_FORWARD(C_GenerateKeyPair);
    HSMFRONT_FORWARD(C_GenerateRandom);
    list.C_Initialize = initialize;
    list.C_Finalize = finalize;
    list.C_GetFunctionList = function_list;
    list.C_GetSlotList = slot_list;
    list.C_GetTokenInfo = token_info;
    list.C_GetMechanismList = mechanism_list;
    list.C_OpenSession = open_session;
    list.C_CloseSession = close_session;
    list.C_Login = login;
    list.C_FindObjectsInit = find_init;
    list.C_GetAttributeValue = attribute_value;
    list.C_SignInit = sign_init;
    list.C_Sign = sign;
}

#undef HSMFRONT_FORWARD

Shim::Shim() {
    const char* path = std::getenv("HSMFRONT_SHIM_MODULE");
    library =
        ::dlopen(path != nullptr ? path : "/usr/lib/softhsm/libsofthsm2.so", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
        (void)std::fprintf(stderr, "hsmfront_pkcs11_shim: %s\n", ::dlerror());
        return;
    }
    const auto list =
        reinterpret_cast<CK_RV (*)(CK_FUNCTION_LIST**)>(::dlsym(library, "C_GetFunctionList"));
    if (list == nullptr || list(&real) != CKR_OK) {
        real = nullptr;
    }
}

Shim::~Shim() {
    if (library != nullptr) {
        (void)::dlclose(library);
    }
}

/// Destroyed by dlclose, with the library's other statics.
Shim& shim() {
    static Shim instance;
    return instance;
}

CK_RV function_list(CK_FUNCTION_LIST** list) {
    if (shim().real == nullptr) {
        return CKR_GENERAL_ERROR;
    }
    install_all();
    *list = &shim().functions;
    return CKR_OK;
}

}  // namespace
}  // namespace hsmfront::shim

extern "C" __attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST** list) {
    return hsmfront::shim::function_list(list);
}
