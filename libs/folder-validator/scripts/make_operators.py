"""Writes src/onnx/operators.json: every operator of the standard domains with the opset it came with and, where it has gone,
the opset it went with. Needs `onnx`; run by hand when the runtime is raised, with the opsets its release notes name."""

import json
import pathlib

import onnx.defs

# onnxruntime 1.30
LATEST = {"": 26, "ai.onnx.ml": 5}

# What onnxruntime registers in the standard domain on its own account, or earlier than the standard does. Compared with it
# operator by operator: a graph of each, at opset 26 and at the one before it came.
OWN = ("LayerNormalization", "MeanVarianceNormalization", "SimplifiedLayerNormalization", "ThresholdedRelu")

domains = {domain: {} for domain in LATEST}
schemas = sorted(onnx.defs.get_all_schemas_with_history(), key=lambda schema: schema.since_version)
for schema in schemas:
    if schema.domain not in LATEST or schema.since_version > LATEST[schema.domain]:
        continue
    operators = domains[schema.domain]
    since, _ = operators.get(schema.name, (schema.since_version, None))
    # A later schema may revive a deprecated one (GroupNormalization 21): the last word counts.
    operators[schema.name] = (since, schema.since_version if schema.deprecated else None)
for name in OWN:
    domains[""][name] = (1, None)

lines = []
for domain, operators in domains.items():
    rows = ",\n".join(
        f"      {json.dumps(name)}: {json.dumps([since, gone] if gone else [since])}"
        for name, (since, gone) in sorted(operators.items())
    )
    lines.append(f'  {json.dumps(domain)}: {{\n    "latest": {LATEST[domain]},\n    "operators": {{\n{rows}\n    }}\n  }}')
target = pathlib.Path(__file__).parent.parent / "src" / "onnx" / "operators.json"
target.write_text("{\n" + ",\n".join(lines) + "\n}\n")
