# The flags every target is built with, and the function that turns a folder into a library with
# its tests (*_test.cc), fuzz targets (*_fuzz.cc) and micro-benchmarks (*_bench.cc).

set(MERLON_SANITIZE "" CACHE STRING "sanitizers to build with, such as address,undefined")
option(MERLON_HARDEN "hardening flags and link-time optimisation of the release build" OFF)

add_library(merlon_flags INTERFACE)
target_include_directories(merlon_flags INTERFACE ${PROJECT_SOURCE_DIR}/src)
target_compile_options(merlon_flags INTERFACE
    -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wconversion -Wno-sign-conversion -Werror
    -Wno-missing-field-initializers
    "SHELL:-Xclang -fno-pch-timestamp" -fstack-protector-strong)
target_link_options(merlon_flags INTERFACE -fuse-ld=lld)
# All libraries with definitions of their own are here, so that every folder can share one
# precompiled header: its definitions have to be the same.
target_link_libraries(merlon_flags INTERFACE fmt::fmt spdlog::spdlog OpenSSL::SSL OpenSSL::Crypto
                      Threads::Threads)
target_compile_definitions(merlon_flags INTERFACE
    BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_VISIBILITY
    BOOST_BEAST_USE_STD_STRING_VIEW
    MERLON_VERSION="${PROJECT_VERSION}")

if(MERLON_SANITIZE)
    target_compile_options(merlon_flags INTERFACE
        -fsanitize=${MERLON_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    target_link_options(merlon_flags INTERFACE -fsanitize=${MERLON_SANITIZE})
    if(MERLON_SANITIZE MATCHES address)  # the fuzz targets link from the same objects
        target_compile_options(merlon_flags INTERFACE -fsanitize=fuzzer-no-link)
    endif()
endif()
if(MERLON_HARDEN)
    target_compile_options(merlon_flags INTERFACE
        -O2 -flto=thin -D_FORTIFY_SOURCE=3 -D_GLIBCXX_ASSERTIONS -fstack-clash-protection
        -fcf-protection -ftrivial-auto-var-init=zero
        -fPIE)  # libraries too: all share one precompiled header, which has to agree
    target_link_options(merlon_flags INTERFACE
        -flto=thin -Wl,--thinlto-cache-dir=${CMAKE_BINARY_DIR}/lto-cache
        -pie -Wl,-z,relro,-z,now,-z,noexecstack)
endif()

# merlon_folder(NAME RANK LIBRARIES...): the library merlon_NAME of this folder's *.cc files.
function(merlon_folder name)
    file(GLOB sources CONFIGURE_DEPENDS *.cc)
    set(tests ${sources})
    set(fuzzers ${sources})
    set(benches ${sources})
    list(FILTER sources EXCLUDE REGEX "_(test|fuzz|bench)\\.cc$")
    list(FILTER tests INCLUDE REGEX "_test\\.cc$")
    list(FILTER fuzzers INCLUDE REGEX "_fuzz\\.cc$")
    list(FILTER benches INCLUDE REGEX "_bench\\.cc$")

    add_library(merlon_${name} STATIC ${sources})
    target_link_libraries(merlon_${name} PUBLIC merlon_flags ${ARGN})
    if(name IN_LIST MERLON_ASIO_FOLDERS)
        target_link_libraries(merlon_${name} PUBLIC merlon_asio)
        target_precompile_headers(merlon_${name} REUSE_FROM merlon_asio)
    endif()

    if(tests)
        add_executable(${name}_test ${tests})
        target_link_libraries(${name}_test PRIVATE merlon_${name} GTest::gmock GTest::gtest_main)
        if(name IN_LIST MERLON_ASIO_FOLDERS)
            target_precompile_headers(${name}_test REUSE_FROM merlon_asio)
        endif()
        add_test(NAME ${name} COMMAND ${name}_test --gtest_brief=1
                 WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    endif()
    if(MERLON_SANITIZE MATCHES address)
        foreach(file ${fuzzers})
            get_filename_component(target ${file} NAME_WE)
            add_executable(${target} ${file})
            target_link_libraries(${target} PRIVATE merlon_${name})
            target_link_options(${target} PRIVATE -fsanitize=fuzzer)
            set_property(GLOBAL APPEND PROPERTY MERLON_FUZZERS ${target})
        endforeach()
    endif()
    if(CMAKE_BUILD_TYPE STREQUAL Release)
        foreach(file ${benches})
            get_filename_component(target ${file} NAME_WE)
            add_executable(${target} ${file})
            target_link_libraries(${target} PRIVATE merlon_${name} benchmark::benchmark_main)
            set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
        endforeach()
    endif()
endfunction()
