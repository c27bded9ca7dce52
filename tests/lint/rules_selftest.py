"""Shows that source_rules.py finds what it is for: one broken tree for each rule."""
import pathlib
import subprocess
import sys
import tempfile

BROKEN = {
    "includes": [
        {"config/a.hpp": '#pragma once\n#include "certs/b.hpp"\n'},
        {"proxy/ftp/a.cpp": '#include "proxy/http/b.hpp"\n'},
        {"proxy/net/a.cpp": '#include "proxy/tls/b.hpp"\n'},
        {"proxy/net/a.cpp": "#include <openssl/ssl.h>\n"},
        {"certs/a.cpp": '#include "b.hpp"\n'},
    ],
    "length": [{"config/a.cpp": "\n" * 601}],
    "headers": [{"config/a.hpp": "// What it is for.\nint x;\n"}],
    "format": [{"config/a.cpp": "int  x ;\n"}],
}
GOOD = {
    "config/a.hpp": "// What it is for.\n#pragma once\n",
    "proxy/tls/a.cpp": '// What it is for.\n#include "certs/b.hpp"\n#include "proxy/net/b.hpp"\n',
}


def passes(rule, files):
    with tempfile.TemporaryDirectory() as directory:
        for name, text in files.items():
            path = pathlib.Path(directory, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        rules = pathlib.Path(__file__).with_name("source_rules.py")
        result = subprocess.run([sys.executable, rules, rule, directory], capture_output=True)
        return result.returncode == 0


for rule, trees in BROKEN.items():
    assert passes(rule, GOOD), f"{rule} refuses a good tree"
    for tree in trees:
        assert not passes(rule, tree), f"{rule} lets {tree} pass"
