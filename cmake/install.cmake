include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/trainbudget)

install(TARGETS trainbudget_calibration trainbudget_core trainbudget_io trainbudget_planner trainbudget_render trainbudget_sweep
  EXPORT trainbudget_targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY estimator/calibration estimator/core estimator/io estimator/planner estimator/render estimator/sweep
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/trainbudget FILES_MATCHING PATTERN "*.h")
install(DIRECTORY hardware_profiles model_profiles published_runs scenarios schema
  DESTINATION ${CMAKE_INSTALL_DATADIR}/trainbudget)
install(EXPORT trainbudget_targets NAMESPACE trainbudget:: DESTINATION ${package_dir})

configure_package_config_file(cmake/trainbudget-config.cmake.in
  ${CMAKE_CURRENT_BINARY_DIR}/trainbudget-config.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/trainbudget-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/trainbudget-config.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/trainbudget-config-version.cmake DESTINATION ${package_dir})
