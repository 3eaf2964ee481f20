"""Manifests, and fields that kubectl prints, against the newest three Kubernetes versions."""

import json
import os
import re
import sys

import kubernetes_validate
import yaml

schemas = os.path.join(os.path.dirname(kubernetes_validate.__file__), "kubernetes-json-schema")
found = {re.fullmatch(r"v1\.(\d+)\.0-local-strict", name) for name in os.listdir(schemas)} - {None}
versions = [f"1.{minor}" for minor in sorted(int(match[1]) for match in found)[-3:]]


def merged(base, patch):
    """A strategic merge, as far as patches of workloads need it: lists of containers by name."""
    if not isinstance(base, dict) or not isinstance(patch, dict):
        return patch
    out = dict(base)
    for key, value in patch.items():
        if key == "containers":
            value = [{"image": "sample", **container} for container in value]
        out[key] = merged(base.get(key), value)
    return {key: value for key, value in out.items() if value is not None}


pod = {"containers": [{"name": "sample", "image": "sample"}]}
template = {"metadata": {"labels": {"app": "sample"}}, "spec": pod}
workload = {"selector": {"matchLabels": {"app": "sample"}}, "template": template}
deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "sample"}, "spec": workload}



def resource(argv):
    """The resource of `kubectl get`, without options and their values."""
    words = iter(argv[argv.index("get") + 1 :])
    for word in words:
        if word in ("-n", "--namespace", "-o", "-l", "--output", "--selector"):
            next(words, None)
        elif not word.startswith("-"):
            return word
    return ""


def printed(argv):
    """Paths of the fields that `kubectl get` prints or sorts by."""
    text = argv[argv.index("-o") + 1] if "-o" in argv else ""
    for word in argv:
        text = re.sub(r"^(-o|--output)=", "", word) if re.match(r"^(-o|--output)=", word) else text
        if word.startswith("--sort-by="):
            yield word.removeprefix("--sort-by=").strip("{}")
    if text.startswith("custom-columns="):
        for column in text.removeprefix("custom-columns=").split(","):
            yield column.split(":", 1)[1]
    if text.startswith("jsonpath="):
        within = [""]
        for token in re.findall(r"\{([^{}]*)\}", text):
            if token.startswith("range "):
                within.append(within[-1] + token.removeprefix("range ").strip())
                yield within[-1]
            elif token == "end":
                within.pop()
            elif token.startswith("."):
                yield within[-1] + token


def field(path, kind):
    """Whether a kind has a field; raises KeyError where it does not."""
    folder = os.path.join(schemas, f"v{versions[-1]}.0-local-strict")
    names = [n for n in os.listdir(folder) if re.fullmatch(kind + r"(-[a-z]+)?-v1\.json", n)]
    with open(os.path.join(folder, names[0])) as file:
        schema = json.load(file)
    path = re.sub(r"\[[^\]]*\]", "", path).replace("\\.", "\0")
    for name in path.removeprefix(".items").strip(".").split("."):
        while "$ref" in schema or schema.get("type") in ("array", ["array", "null"]):
            if "$ref" in schema:
                with open(os.path.join(folder, "_definitions.json")) as file:
                    schema = json.load(file)["$defs"][schema["$ref"].split("/")[-1]]
            else:
                schema = schema["items"]
        if name and "properties" in schema:
            schema = schema["properties"][name]
        elif name and not isinstance(schema.get("additionalProperties"), dict):
            raise KeyError(name)
        elif name:
            schema = schema["additionalProperties"]


wrong = False
checked, unknown = {}, {}
given = json.load(sys.stdin)
fields = set()
for argv in given["commands"]:
    if "get" in argv:
        kinds = [k if k.endswith("class") else k.removesuffix("s") for k in resource(argv).split("/")[0].split(",")]
        kinds = ["networkpolicy" if k == "networkpolicie" else k for k in kinds]
        fields.update((kind, path) for kind in kinds for path in printed(argv))
for kind, path in sorted(fields):
    try:
        field(path, kind)
    except (KeyError, IndexError) as error:
        wrong = True
        print(f"{kind} has no {path}: {error}")
for kind, path in [("pod", ".spec.containers[*].securityContexts"), ("node", ".spec.providerId")]:
    try:
        field(path, kind)
        wrong = True
        print(f"{kind} has {path}?")
    except KeyError:
        pass
print(f"{len(fields)} fields")
for manifest in given["manifests"]:
    kind, title = manifest["kind"], manifest["title"]
    if kind == "jq":
        continue
    try:
        documents = [d for d in yaml.safe_load_all(manifest["body"]) if d is not None]
    except yaml.YAMLError as error:
        # A configuration file of another form.
        if kind[0].isupper() and kind != "Dockerfile":
            wrong = True
            print(f"{title}: {error}")
        unknown[kind] = unknown.get(kind, 0) + 1
        continue
    for document in documents:
        if kind == "strategic-merge-patch":
            document = merged(deployment, document)
        elif not isinstance(document, dict) or "apiVersion" not in document:
            unknown[kind] = unknown.get(kind, 0) + 1
            continue
        elif document.get("kind") != kind and len(documents) == 1:
            wrong = True
            print(f"{title}: the kind is {document.get('kind')}")
        for version in versions:
            try:
                kubernetes_validate.validate(document, version, strict=True)
                checked[kind] = checked.get(kind, 0) + 1
            except kubernetes_validate.SchemaNotFoundError:
                unknown[kind] = unknown.get(kind, 0) + 1
                break
            except kubernetes_validate.ValidationError as error:
                wrong = True
                print(f"{title}: {version}: {error.message} at {list(error.path)}")
print("Kubernetes", ", ".join(versions))
for kind, count in sorted(checked.items()):
    print(f"{kind}: {count} checks")
for kind, count in sorted(unknown.items()):
    print(f"skipped: {kind}, {count}")
sys.exit(wrong)
