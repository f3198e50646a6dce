# Language level, warnings and hardening for every target of ours.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE}")
endif()

add_library(fb_options INTERFACE)
target_compile_options(fb_options INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Wold-style-cast
  -Woverloaded-virtual -Wimplicit-fallthrough -Wswitch-enum -Werror
  -fstack-protector-strong -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # gcc 12 sees maybe-uninitialized and restrict ghosts inside std::variant and std::string at -O2.
  target_compile_options(fb_options INTERFACE -Wno-maybe-uninitialized -Wno-restrict)
  if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
    # The same in std::vector::insert and std::string, only when it optimises.
    target_compile_options(fb_options INTERFACE -Wno-array-bounds -Wno-stringop-overflow
                           -Wno-stringop-overread)
  endif()
endif()
target_include_directories(fb_options INTERFACE "${CMAKE_SOURCE_DIR}/src")

set(FB_SANITIZE "" CACHE STRING "comma-separated sanitizers, e.g. address,undefined")
if(FB_SANITIZE)
  add_compile_options(-fsanitize=${FB_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${FB_SANITIZE})
  if(FB_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-tsan) # Asio's fences, which gcc's thread sanitizer does not follow
  endif()
endif()
