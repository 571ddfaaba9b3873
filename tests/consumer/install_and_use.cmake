# cmake -DBUILD=… -DCONSUMER=… -DWORK=… -DCOMPILER=… -DCONFIG=… -DLIBDIR=… -P install_and_use.cmake
function(run output)
  execute_process(COMMAND ${ARGN} OUTPUT_VARIABLE text ERROR_VARIABLE text RESULT_VARIABLE failed
    WORKING_DIRECTORY ${WORK})
  if(failed)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command}\n${text}")
  endif()
  set(${output} "${text}" PARENT_SCOPE)
endfunction()

function(expect text wanted)
  string(FIND "${text}" "${wanted}" at)
  if(at EQUAL -1)
    message(FATAL_ERROR "'${wanted}' is not in:\n${text}")
  endif()
endfunction()

file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})
run(installed ${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/first)
# Nothing may depend on where it was installed.
file(RENAME ${WORK}/first ${WORK}/moved)

run(configured ${CMAKE_COMMAND} -S ${CONSUMER} -B ${WORK}/build -G Ninja -DCMAKE_CXX_COMPILER=${COMPILER}
  -DCMAKE_BUILD_TYPE=${CONFIG} -DCMAKE_PREFIX_PATH=${WORK}/moved)
# Found in the prefix, not in the build tree or the system.
expect("${configured}" "${WORK}/moved/${LIBDIR}/cmake/trainbudget")
run(built ${CMAKE_COMMAND} --build ${WORK}/build)
run(printed ${WORK}/build/consumer ${WORK}/moved/share/trainbudget/hardware_profiles)
expect("${printed}" "2.52e+22 FLOPs")
expect("${printed}" "22436 ideal hours")

set(program ${WORK}/moved/bin/trainbudget)
if(EXISTS ${program})
  # The installed program finds the installed profiles: they are changed here to see that it is really these.
  file(RENAME ${WORK}/moved/share/trainbudget/hardware_profiles/accelerators/a100-sxm-80gb.yaml ${WORK}/a100.yaml)
  execute_process(COMMAND ${program} hardware show a100-sxm-80gb RESULT_VARIABLE code OUTPUT_QUIET ERROR_QUIET)
  if(NOT code EQUAL 2)
    message(FATAL_ERROR "the installed program reads profiles from elsewhere (exit code ${code})")
  endif()
  file(RENAME ${WORK}/a100.yaml ${WORK}/moved/share/trainbudget/hardware_profiles/accelerators/a100-sxm-80gb.yaml)
  run(report ${program} estimate ${WORK}/moved/share/trainbudget/scenarios/rwkv-4-14b.yaml)
  expect("${report}" "22,436")
endif()
