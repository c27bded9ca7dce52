// What each command does: a function for each entry of the table. Returns the exit code.
#pragma once

#include "proxy/commands/command_line.hpp"

namespace hsmfront::commands {

int serve(const Arguments& arguments);
int check(const Arguments& arguments);
int doctor(const Arguments& arguments);
int reload(const Arguments& arguments);
int upgrade(const Arguments& arguments);
int status(const Arguments& arguments);
int healthcheck(const Arguments& arguments);
int pin(const Arguments& arguments);

int key_generate(const Arguments& arguments);
int key_list(const Arguments& arguments);
int key_delete(const Arguments& arguments);

int cert_request(const Arguments& arguments);
int cert_import(const Arguments& arguments);
int cert_show(const Arguments& arguments);

}  // namespace hsmfront::commands
