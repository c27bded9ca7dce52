// Precompiled: what the tests of proxy/ include beside proxy/precompiled.hpp.
#pragma once

#include "proxy/precompiled.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
