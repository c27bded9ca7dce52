"""Every key of the configuration is in a test that is not about configuration alone: keys.py SCHEMA TESTS

Sample, schema and man page have tests of their own; this one fails when a key was added that nothing exercises.
"""
import json
import pathlib
import re
import sys

schema = json.loads(pathlib.Path(sys.argv[1]).read_text())
folders = [pathlib.Path(sys.argv[2]) / name
           for name in ("integration", "fault", "harness", "browser", "nodes", "cost", "matrix", "unit/runtime",
                     "unit/http", "unit/ftp", "unit/net", "unit/tls", "unit/certs")]
text = "\n".join(path.read_text() for folder in folders for path in folder.rglob("*")
                 if path.suffix in (".cpp", ".hpp", ".py", ".sh", ".yaml"))


def keys(node, path=""):
    """The paths of all values below a node of the schema."""
    while "$ref" in node:
        node = schema["definitions"][node["$ref"].rpartition("/")[2]]
    inner = node.get("properties") or node.get("items", {}).get("properties")
    if not inner:
        yield path
        return
    for name, child in inner.items():
        yield from keys(child, f"{path}.{name}" if path else name)


missing = [key for key in keys(schema)
           if not re.search(rf"\b{re.escape(key.rpartition('.')[2])}\b", text)]
for key in missing:
    print(f"{key}: no test of the running program has it")
sys.exit(1 if missing else 0)
