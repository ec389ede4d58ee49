# pawl_layer(name [DEPS layer...] [LIBS target...])
#
# Makes the static library pawl_<name> of every .cpp in src/<name>/ (tests lie beside the code as
# *_test.cpp and become pawl_<name>_test). DEPS must agree with src/layers.txt, which
# tools/check_layers.py holds against the real include graph.
function(pawl_layer name)
  cmake_parse_arguments(ARG "" "" "DEPS;LIBS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cpp)
  file(GLOB tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*_test.cpp)
  list(REMOVE_ITEM sources ${tests} ${CMAKE_SOURCE_DIR}/src/${name}/main.cpp)
  if(NOT sources)
    set(kind INTERFACE)
    add_library(pawl_${name} INTERFACE)
  else()
    set(kind PUBLIC)
    add_library(pawl_${name} STATIC ${sources})
  endif()
  target_include_directories(pawl_${name} ${kind} ${CMAKE_SOURCE_DIR}/src)
  foreach(dep ${ARG_DEPS})
    target_link_libraries(pawl_${name} ${kind} pawl_${dep})
  endforeach()
  target_link_libraries(pawl_${name} ${kind} ${ARG_LIBS})
  if(PAWL_TESTS AND tests)
    find_package(GTest REQUIRED)
    find_package(rapidcheck REQUIRED)
    add_executable(pawl_${name}_test ${tests})
    target_link_libraries(pawl_${name}_test PRIVATE pawl_${name} GTest::gmock GTest::gtest_main
      rapidcheck rapidcheck_gtest)
    target_compile_definitions(pawl_${name}_test PRIVATE PAWL_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    gtest_discover_tests(pawl_${name}_test DISCOVERY_MODE PRE_TEST TEST_PREFIX "${name}: "
      PROPERTIES TIMEOUT 120)
  endif()
endfunction()
