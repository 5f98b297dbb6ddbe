// The precompiled header of every folder that holds coroutines. Asio and Beast themselves are
// compiled once, in asio.cc.
#pragma once

#include <array>
#include <boost/asio.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/task.h"
