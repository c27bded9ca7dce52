"""The man pages are sound and complete: man_pages.py HSMFRONT SCHEMA FOLDER-OF-PAGES

What must be in them is read from the schema, which a unit test compares with the table of keys,
and from what the program itself says with "help".
"""
import json
import os
import pathlib
import re
import subprocess
import sys

problems = []


def expect(holds, problem):
    if not holds:
        problems.append(problem)


def run(*command):
    environment = os.environ | {"LC_ALL": "C.UTF-8", "MANWIDTH": "300"}
    return subprocess.run(command, capture_output=True, text=True, env=environment)


def text_of(page):
    """The page as a reader sees it; whatever groff complains about is a problem."""
    warned = run("man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page)
    expect(warned.returncode == 0 and not warned.stderr, f"{page.name}: {warned.stderr}")
    shown = run("man", "-E", "UTF-8", "-l", page)
    expect(shown.returncode == 0, f"{page.name}: {shown.stderr}")
    return shown.stdout


class Schema:
    def __init__(self, file):
        self.root = json.loads(file.read_text())

    def keys(self, node=None, path=""):
        """Each key as the table writes it, with what the schema says about it."""
        node = self.root if node is None else node
        if "$ref" in node:
            definition = self.root["definitions"][node["$ref"].rpartition("/")[2]]
            node = definition | {k: v for k, v in node.items() if k != "$ref"}
        below = node.get("properties", {})
        if path and not below:
            yield path, node
        for name, child in below.items():
            yield from self.keys(child, f"{path}.{name}".lstrip("."))
        for elements in ("items", "additionalProperties"):
            if isinstance(node.get(elements), dict):
                item = node[elements]
                if "properties" in item or "properties" in self.followed(item):
                    yield from self.keys(item, path + "[]")

    def followed(self, node):
        reference = node.get("$ref", "")
        return self.root["definitions"].get(reference.rpartition("/")[2], node)


def layer_of(path):
    """The layer of the TLS policy that a key belongs to, and its name in there."""
    for layer in (".tls.", ".listen[].client_certificate."):
        before, found, name = path.partition(layer)
        if found:
            return before + layer.rstrip("."), name
    return None


def entry(text, path):
    """The tag and the paragraph of a key or section in one line; empty if it has none."""
    found = re.search(rf"^ +{re.escape(path)}( \(.*|  +.*)?$(\n +.*)*", text, re.M)
    return " ".join(found.group().split()) if found else ""


def check_keys(text, schema):
    count = 0
    for path, node in schema.keys():
        count += 1
        if layer := layer_of(path):
            names = entry(text, layer[0]).rpartition(": ")[2].rstrip(".").split(", ")
            expect(layer[1] in names, f"hsmfront.yaml(5): {path} is not at {layer[0]}")
            continue
        shown = entry(text, path)
        expect(shown, f"hsmfront.yaml(5): {path} is missing")
        expect(node.get("description"), f"the schema does not say what {path} means")
        expect(node.get("description", "") in shown, f"hsmfront.yaml(5): {path}: {shown}")
        default = node.get("default")
        if isinstance(default, (bool, int, str)):
            default = str(default).lower() if isinstance(default, bool) else str(default)
            expect(f"default: {default})" in shown, f"hsmfront.yaml(5): {path}: {shown}")
    expect(count > 150, f"the schema has {count} keys only")


def check_commands(text, program):
    commands = re.findall(r"^  (\S+(?: \S+)?)  ", run(program, "--help").stdout, re.M)
    expect(len(commands) > 10, f"the program has {len(commands)} commands only")
    headings = re.split(r"^   (?=\S)", text, flags=re.M)
    common = text[text.index("\nOPTIONS"):]
    for command in commands:
        if command in ("version", "help"):
            expect(f"hsmfront {command}" in text, f"hsmfront(8): {command} is missing")
            continue
        told = run(program, *command.split(), "--help").stdout
        usage = re.match(r"Usage: hsmfront (.*)", told).group(1)
        section = [heading for heading in headings if heading.startswith(usage + "\n")]
        expect(section, f"hsmfront(8): {usage} is missing")
        for option in re.findall(r"^(?:  -\S,|     ) (--\S+)", told, re.M):
            shown = rf"^ +(-\S, )?{option}( |$)"
            found = any(re.search(shown, place, re.M) for place in [*section, common])
            expect(found, f"hsmfront(8): {command} {option} is missing")


program, schema, folder = sys.argv[1], Schema(pathlib.Path(sys.argv[2])), pathlib.Path(sys.argv[3])
check_keys(text_of(folder / "hsmfront.yaml.5"), schema)
check_commands(text_of(folder / "hsmfront.8"), program)
print("\n".join(problems))
sys.exit(1 if problems else 0)
