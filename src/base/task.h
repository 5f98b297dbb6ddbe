// The coroutine type of Merlon: Asio's awaitable that gives a Result.
//
// Parameters of a Task are values: the caller's frame may be gone when it resumes. A Task is
// cancelled through Asio's cancellation slot or by closing what it waits for, never by dropping it.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/result.h"

namespace merlon {

namespace asio = boost::asio;

// The concrete executor, not any_io_executor: one loop is one thread here, and the type-erased
// executor costs an indirect call and a reference count at every resumption.
using Executor = asio::io_context::executor_type;

template <class T = void>
using Task = asio::awaitable<Result<T>, Executor>;

// The completion token of every asynchronous operation: what it gives, error code first, comes back
// as a tuple. Deferred, because use_awaitable makes a coroutine frame for each operation.
inline constexpr asio::as_tuple_t<asio::deferred_t> as_result{asio::deferred};

}  // namespace merlon
