# The CUDA part, skipped with one line where there is no CUDA compiler.
include(CheckLanguage)
if(NOT CMAKE_CUDA_COMPILER)
  find_program(TRAINBUDGET_NVCC nvcc HINTS ENV CUDACXX ENV CUDA_HOME ENV CUDA_PATH PATHS /usr/local/cuda PATH_SUFFIXES bin)
  if(TRAINBUDGET_NVCC)
    set(CMAKE_CUDA_COMPILER ${TRAINBUDGET_NVCC})
  endif()
endif()
check_language(CUDA)
if(NOT CMAKE_CUDA_COMPILER)
  message(STATUS "No CUDA compiler: trainbudget-microbench is built without its GPU part")
  return()
endif()

set(TRAINBUDGET_CUDA_ARCHITECTURES 90 CACHE STRING "Compute capabilities to build kernels for, as in CMAKE_CUDA_ARCHITECTURES")
set(CMAKE_CUDA_ARCHITECTURES ${TRAINBUDGET_CUDA_ARCHITECTURES})
if(TRAINBUDGET_CCACHE AND NOT CMAKE_CUDA_COMPILER_LAUNCHER)
  set(CMAKE_CUDA_COMPILER_LAUNCHER ${TRAINBUDGET_CCACHE})
endif()
enable_language(CUDA)
find_package(CUDAToolkit REQUIRED)

add_library(trainbudget_microbench_cuda STATIC
  ${kernel_sources}
  device/cuda_bindings.cpp
  device/cuda_device.cpp
  device/cuda_library.cpp
  device/cuda_machine.cpp
  device/cuda_sequence.cpp
  device/cuda_timer.cpp
  device/device_kernels.cu
  device/gemm.cpp
  device/nvml.cpp)
target_compile_features(trainbudget_microbench_cuda PUBLIC cxx_std_20)
# CMake before 3.26 does not know cuda_std_20 of this compiler.
# --use_fast_math is what training is compiled with upstream: fast exponentials and divisions.
target_compile_options(trainbudget_microbench_cuda PRIVATE "$<$<COMPILE_LANGUAGE:CUDA>:-std=c++20;--use_fast_math>")
# NVIDIA's runtime, or for a program that says so that of tests/software_gpu, which reads the PTX as it is.
target_link_libraries(trainbudget_microbench_cuda PUBLIC trainbudget_microbench
  $<IF:$<BOOL:$<TARGET_PROPERTY:TRAINBUDGET_SOFTWARE_GPU>>,software_gpu_cudart,CUDA::cudart_static>)
if(TRAINBUDGET_SOFTWARE_GPU AND CUDAToolkit_VERSION VERSION_GREATER_EQUAL 13)
  target_compile_options(trainbudget_microbench_cuda PRIVATE $<$<COMPILE_LANGUAGE:CUDA>:--compress-mode=none>)
endif()
target_link_libraries(trainbudget_microbench_cuda PRIVATE ${CMAKE_DL_LIBS})
# The project's warnings, for what the host compiler sees alone.
target_compile_options(trainbudget_microbench_cuda PRIVATE
  "$<$<COMPILE_LANGUAGE:CXX>:$<TARGET_PROPERTY:trainbudget_options,INTERFACE_COMPILE_OPTIONS>>")
