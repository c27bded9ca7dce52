#include "proxy/commands/handlers.hpp"
namespace hsmfront::commands {
int doctor(const Arguments&) { return 1; }
}  // namespace hsmfront::commands
