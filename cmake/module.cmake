# firebreak_module(NAME [USES module...] [LINKS target...] [TEST_TIMEOUT seconds])
#
# One folder of src/ becomes one static library fb_NAME. Files named *_test.cc become the program
# NAME_test, whose tests CTest sees one by one. USES names our own modules (LAYERS.toml says which
# are allowed), LINKS foreign libraries; TEST_TIMEOUT is in seconds, for each test. The target
# unit_tests builds all programs of that kind.
include(GoogleTest)
add_custom_target(unit_tests)

function(firebreak_module name)
  cmake_parse_arguments(ARG "" "TEST_TIMEOUT" "USES;LINKS;TEST_LINKS" ${ARGN})
  if(NOT ARG_TEST_TIMEOUT)
    set(ARG_TEST_TIMEOUT 120)
  endif()
  if(NOT IS_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}/${name}")
    return()
  endif()
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cc")
  file(GLOB headers CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.h")
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")

  list(TRANSFORM ARG_USES PREPEND fb_)
  foreach(used IN LISTS ARG_USES)
    if(NOT TARGET ${used})
      list(REMOVE_ITEM ARG_USES ${used})
    endif()
  endforeach()
  if(sources)
    add_library(fb_${name} STATIC ${sources})
    set(scope PUBLIC)
  else()
    add_library(fb_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_sources(fb_${name} ${scope}
                 FILE_SET HEADERS BASE_DIRS "${CMAKE_SOURCE_DIR}/src" FILES ${headers})
  target_link_libraries(fb_${name} ${scope} fb_options ${ARG_USES} ${ARG_LINKS})

  if(tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE fb_${name} ${ARG_TEST_LINKS}
                          GTest::gtest GTest::gmock GTest::gtest_main)
    add_dependencies(unit_tests ${name}_test)
    # Tests need not be fast, only soon built; where the clone lies is told to the one who asks.
    target_compile_options(${name}_test PRIVATE -O1)
    list(FILTER tests INCLUDE REGEX "(golden|corpus)_test\\.cc$")
    set_source_files_properties(${tests} PROPERTIES COMPILE_DEFINITIONS
                                FB_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    gtest_discover_tests(${name}_test DISCOVERY_MODE PRE_TEST PROPERTIES LABELS unit
                         TIMEOUT ${ARG_TEST_TIMEOUT})
  endif()
endfunction()
