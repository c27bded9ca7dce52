# How every target of ours is built: warnings, sanitizers, include root.

add_library(hsmfront_build INTERFACE)
target_include_directories(hsmfront_build INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(
  hsmfront_build INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor
                           $<$<BOOL:${HSMFRONT_WERROR}>:-Werror> -fno-omit-frame-pointer)
if(CMAKE_UNITY_BUILD)
  # In a unity build GCC takes sources for headers, in which anonymous namespaces are suspicious,
  # and inlines one half of Asio's frame allocator only, whose other half it then takes for a mistake.
  target_compile_options(hsmfront_build INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>
                                                  $<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete>)
endif()
if(HSMFRONT_SANITIZE)
  target_compile_options(hsmfront_build INTERFACE -fsanitize=${HSMFRONT_SANITIZE})
  target_link_options(hsmfront_build INTERFACE -fsanitize=${HSMFRONT_SANITIZE})
  # GCC inlines one half of Asio's frame allocator only at -O1 and takes the other for a mistake.
  target_compile_options(hsmfront_build INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete>)
  if(HSMFRONT_SANITIZE MATCHES thread)
    # Asio's fences are beside its locks, which ThreadSanitizer does see.
    target_compile_options(hsmfront_build INTERFACE -Wno-tsan)
  endif()
  if(HSMFRONT_SANITIZE MATCHES undefined)
    target_compile_options(hsmfront_build INTERFACE -fno-sanitize-recover=undefined)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      # Checks at each access to a member make half of the compiler's work. AddressSanitizer sees
      # null; the fuzz targets, which Clang builds, have them all.
      target_compile_options(hsmfront_build INTERFACE
        -fno-sanitize=null,alignment,vptr,object-size,pointer-overflow)
    endif()
    if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
      # Clang 14 cannot mark the types of coroutines ("Cannot represent a difference across sections").
      target_compile_options(hsmfront_build INTERFACE -fno-sanitize=function)
    endif()
  endif()
endif()

find_program(HSMFRONT_CCACHE ccache)
if(HSMFRONT_CCACHE)
  # Precompiled headers need these to be cacheable (ccache manual, "Precompiled headers").
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      ${HSMFRONT_CCACHE})
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fpch-preprocess>)
endif()

# hsmfront_library(NAME LIBS...): a static library of all .cpp files in the current folder.
function(hsmfront_library name)
  file(GLOB sources CONFIGURE_DEPENDS *.cpp)
  add_library(${name} STATIC ${sources})
  target_link_libraries(${name} PUBLIC hsmfront_build ${ARGN})
endfunction()
