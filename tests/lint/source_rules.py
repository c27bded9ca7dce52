"""Rules that the source must keep: source_rules.py RULE ROOT

includes  a folder includes only what stands left of it on the line of floors
length    no file has more than 600 lines
headers   a header begins with comments and then #pragma once
format    clang-format changes nothing
"""
import pathlib
import re
import shutil
import subprocess
import sys

# config <- proxy/log <- certs <- net <- tls <- ftp and http <- admin <- runtime <- commands <- main
FLOORS = [
    ["config"],
    ["proxy/log"],
    ["certs"],
    ["proxy/net"],
    ["proxy/tls"],
    ["proxy/ftp", "proxy/http"],
    ["proxy/admin"],
    ["proxy/runtime"],
    ["proxy/commands"],
    ["proxy"],
]
FLOOR_OF = {folder: floor for floor, folders in enumerate(FLOORS) for folder in folders}
# Headers of libraries that a floor must not know.
FORBIDDEN = [
    ("config", re.compile(r"openssl/|p11-kit/|boost/asio")),
    ("proxy/log", re.compile(r"openssl/|p11-kit/|boost/asio")),
    ("certs", re.compile(r"openssl/ssl\.h|boost/asio|sys/socket\.h")),
    ("proxy/net", re.compile(r"openssl/")),
]
MAX_LINES = 600
INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)', re.M)


def sources(root):
    listing = ["git", "-C", root, "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(listing, capture_output=True, text=True) if shutil.which("git") else None
    if listed and listed.returncode == 0:
        names = listed.stdout.split("\n")
    else:  # no git, or an unpacked archive
        names = [str(path.relative_to(root)) for path in root.rglob("*")
                 if not path.relative_to(root).parts[0].startswith(("build", "."))]
    return sorted(name for name in names
                  if name.endswith((".hpp", ".cpp", ".h")) and (root / name).is_file())


def folder_of(name):
    return str(pathlib.PurePosixPath(name).parent)


def wrong_own_include(name, included):
    here, there = folder_of(name), folder_of(included)
    if here == there or included == "proxy/precompiled.hpp":
        return None
    if there not in FLOOR_OF:
        return f"{included} is on no floor; include files by their path from the root"
    if FLOOR_OF[there] >= FLOOR_OF[here]:
        return f"{included} does not stand below {here}"
    return None


def includes(root):
    for name in sources(root):
        if folder_of(name) not in FLOOR_OF or name == "proxy/precompiled.hpp":
            continue
        for own, library in INCLUDE.findall((root / name).read_text()):
            if own and (problem := wrong_own_include(name, own)):
                yield f"{name}: {problem}"
            for folder, pattern in FORBIDDEN:
                if library and folder_of(name) == folder and pattern.match(library):
                    yield f"{name}: <{library}> has no place in {folder}"


def length(root):
    for name in sources(root):
        lines = (root / name).read_text().count("\n")
        if lines > MAX_LINES:
            yield f"{name}: {lines} lines, at most {MAX_LINES}"


def headers(root):
    for name in sources(root):
        if name.endswith(".hpp"):
            code = [line for line in (root / name).read_text().splitlines()
                    if line.strip() and not line.startswith("//")]
            if not code or code[0] != "#pragma once":
                yield f"{name}: does not begin with #pragma once"


def format(root):
    names = sources(root)
    for start in range(0, len(names), 20):
        result = subprocess.run(["clang-format", "--dry-run", "-Werror", *names[start:start + 20]],
                                cwd=root, capture_output=True, text=True)
        if result.returncode != 0:
            yield result.stderr.strip() or "clang-format failed"


def main():
    rule, root = sys.argv[1], pathlib.Path(sys.argv[2])
    if not sources(root):
        sys.exit(f"no sources below {root}")
    problems = list(globals()[rule](root))
    print("\n".join(problems))
    sys.exit(1 if problems else 0)


main()
