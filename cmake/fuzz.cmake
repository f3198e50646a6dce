# firebreak_fuzz(NAME [USES module...])
#
# NAME_fuzz.cc beside the caller defines LLVMFuzzerTestOneInput for one decoder. With the preset
# fuzz it becomes a libFuzzer program; with every other preset it replays corpus/NAME_fuzz/ and
# CTest runs that, so an input that once failed keeps being tried.
add_custom_target(fuzz_targets)

function(firebreak_fuzz name)
  cmake_parse_arguments(ARG "" "" "USES" ${ARGN})
  list(TRANSFORM ARG_USES PREPEND fb_)
  set(program ${name}_fuzz)
  add_executable(${program} ${program}.cc)
  target_link_libraries(${program} PRIVATE fb_options ${ARG_USES})
  add_dependencies(fuzz_targets ${program})
  if(FB_SANITIZE MATCHES "fuzzer")
    target_link_options(${program} PRIVATE -fsanitize=fuzzer)
    return()
  endif()
  target_sources(${program} PRIVATE "${CMAKE_SOURCE_DIR}/test/fuzz/replay.cc")
  add_test(NAME fuzz.${name} COMMAND ${program} "${CMAKE_CURRENT_SOURCE_DIR}/corpus/${program}")
  set_tests_properties(fuzz.${name} PROPERTIES LABELS fuzz TIMEOUT 120)
endfunction()
