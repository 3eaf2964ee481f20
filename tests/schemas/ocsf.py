"""Detection Findings, one a line, against the models of py-ocsf-models; what is wrong goes out, one a line."""

import sys

from py_ocsf_models.events.findings.detection_finding import DetectionFinding
from pydantic import ValidationError

for number, line in enumerate(sys.stdin, 1):
    try:
        DetectionFinding.model_validate_json(line)
    except ValidationError as error:
        for problem in error.errors():
            print(number, ".".join(map(str, problem["loc"])), problem["msg"])
print("done")
