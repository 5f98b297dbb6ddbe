# The flags every target is built with, and the function that turns a folder into a library with
# its tests (*_test.cc), fuzz targets (*_fuzz.cc) and micro-benchmarks (*_bench.cc).

set(MERLON_SANITIZE "" CACHE STRING "sanitizers to build with, such as address,undefined")
option(MERLON_HARDEN "hardening flags and link-time optimisation of the release build" OFF)

add_library(merlon_flags INTERFACE)
target_include_directories(merlon_flags INTERFACE ${PROJECT_SOURCE_DIR}/src)
target_compile_options(merlon_flags INTERFACE
    -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wconversion -Wno-sign-conversion
    -Wthread-safety -Werror
    -Wno-missing-field-initializers
    "SHELL:-Xclang -fno-pch-timestamp" -fstack-protector-strong)
target_link_options(merlon_flags INTERFACE -fuse-ld=lld)
# All libraries with definitions of their own are here, so that every folder can share one
# precompiled header: its definitions have to be the same.
target_link_libraries(merlon_flags INTERFACE fmt::fmt OpenSSL::SSL OpenSSL::Crypto
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

# merlon_folder(NAME RANK LIBRARIES...): the library merlon_NAME of the *.cc files in src/NAME and
# below, with the LIBRARIES from outside. It links our libraries of all lower ranks, which are those
# that it may include: tools/tidy refuses any other include. Called in the order of the ranks.
function(merlon_folder name rank)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${name}/*.cc)
    set(tests ${sources})
    set(fuzzers ${sources})
    set(benches ${sources})
    list(FILTER sources EXCLUDE REGEX "_(test|fuzz|bench)\\.cc$")
    list(FILTER tests INCLUDE REGEX "_test\\.cc$")
    list(FILTER fuzzers INCLUDE REGEX "_fuzz\\.cc$")
    list(FILTER benches INCLUDE REGEX "_bench\\.cc$")

    set(lower merlon_boost)
    get_property(known GLOBAL PROPERTY MERLON_FOLDERS)
    foreach(folder ${known})
        get_target_property(its_rank merlon_${folder} MERLON_RANK)
        if(its_rank LESS rank)
            list(PREPEND lower merlon_${folder})
        endif()
    endforeach()
    set_property(GLOBAL APPEND PROPERTY MERLON_FOLDERS ${name})

    if(sources)
        add_library(merlon_${name} STATIC ${sources})
        target_precompile_headers(merlon_${name} REUSE_FROM merlon_boost)
        set(scope PUBLIC)
    else()  # headers alone
        add_library(merlon_${name} INTERFACE)
        set(scope INTERFACE)
    endif()
    target_link_libraries(merlon_${name} ${scope} ${lower} merlon_flags ${ARGN})
    set_target_properties(merlon_${name} PROPERTIES MERLON_RANK ${rank})

    if(tests)
        add_executable(${name}_test ${tests})
        target_link_libraries(${name}_test PRIVATE merlon_${name} GTest::gmock GTest::gtest_main)
        target_precompile_headers(${name}_test REUSE_FROM merlon_boost)
        add_test(NAME ${name} COMMAND ${name}_test --gtest_brief=1
                 WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    endif()
    if(MERLON_SANITIZE MATCHES address)
        foreach(file ${fuzzers})
            get_filename_component(target ${file} NAME_WE)
            add_executable(${target} ${file})
            target_link_libraries(${target} PRIVATE merlon_${name})
            target_link_options(${target} PRIVATE -fsanitize=fuzzer)
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
