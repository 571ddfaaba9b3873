# One interface target carries what every target of this project is compiled with.
set(CMAKE_CXX_EXTENSIONS OFF)
add_library(trainbudget_options INTERFACE)
target_compile_features(trainbudget_options INTERFACE cxx_std_20)
target_compile_options(trainbudget_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast -Wnon-virtual-dtor
  # Designated initialisers leave fields to their defaults on purpose.
  -Wno-missing-field-initializers
  # g++ 12 warns of overlapping copies inside std::string that do not happen (GCC bug 105651).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
  # Same input, same bytes on every platform: no fused multiply-add that one compiler uses and another does not.
  -ffp-contract=off)
if(TRAINBUDGET_WARNINGS_AS_ERRORS)
  target_compile_options(trainbudget_options INTERFACE -Werror)
endif()
if(TRAINBUDGET_SELF_CONTAINED)
  target_link_options(trainbudget_options INTERFACE -static-libstdc++ -static-libgcc)
endif()
if(TRAINBUDGET_SANITIZE)
  target_compile_options(trainbudget_options INTERFACE
    -fsanitize=${TRAINBUDGET_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(trainbudget_options INTERFACE -fsanitize=${TRAINBUDGET_SANITIZE})
endif()

# What runs once for a command or a test (options, terminal, tests; under sanitizers reports too) takes most of the time
# of a build and none that anybody waits for: it is compiled with these, which come after those of the build type.
if(TRAINBUDGET_SANITIZE)
  set(TRAINBUDGET_RUNS_ONCE -O0)
else()
  set(TRAINBUDGET_RUNS_ONCE $<$<NOT:$<CONFIG:Debug>>:-O1>)
endif()

# A second and later build of the same source is nearly free where ccache is installed.
find_program(TRAINBUDGET_CCACHE ccache)
if(PROJECT_IS_TOP_LEVEL AND TRAINBUDGET_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${TRAINBUDGET_CCACHE})
endif()

# trainbudget_library(core SOURCES…): a static library with its alias trainbudget::core and public headers
# included as <core/…>, relative to estimator/.
function(trainbudget_library name)
  add_library(trainbudget_${name} STATIC)
  add_library(trainbudget::${name} ALIAS trainbudget_${name})
  set_target_properties(trainbudget_${name} PROPERTIES EXPORT_NAME ${name} POSITION_INDEPENDENT_CODE ON)
  target_compile_features(trainbudget_${name} PUBLIC cxx_std_20)
  target_link_libraries(trainbudget_${name} PRIVATE $<BUILD_INTERFACE:trainbudget_options>)
  target_include_directories(trainbudget_${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/estimator>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/trainbudget>)
endfunction()

# Debian 12 names the target yaml-cpp, newer releases yaml-cpp::yaml-cpp; its package describes the shared library alone.
function(trainbudget_link_yaml target)
  if(TRAINBUDGET_SELF_CONTAINED)
    find_library(TRAINBUDGET_STATIC_YAML libyaml-cpp.a REQUIRED)
    target_link_libraries(${target} PRIVATE ${TRAINBUDGET_STATIC_YAML})
  elseif(TARGET yaml-cpp::yaml-cpp)
    target_link_libraries(${target} PRIVATE yaml-cpp::yaml-cpp)
  else()
    target_link_libraries(${target} PRIVATE yaml-cpp)
  endif()
endfunction()
