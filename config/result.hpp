// Result<T>: how every function below the start-up path reports failure.
#pragma once

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

namespace hsmfront {

using error_code = boost::system::error_code;

/// A value or an `error_code`. Exceptions are left to start-up and to the impossible.
template <class T>
using Result = boost::system::result<T, error_code>;

}  // namespace hsmfront
