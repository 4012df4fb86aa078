#!/usr/bin/env python3
"""Asks the published schemas about the reports of `tokopt check`.

    published_schemas.py sarif-schema-2.1.0.json check.sarif
    published_schemas.py JUnit.xsd check.xml

The schemas are not kept here. SARIF's is published by OASIS with the standard;
of JUnit's two in use, one is that of Apache Ant's reports (JUnit.xsd, Windy Road
Technology), the other that of the Jenkins plug-in xUnit (junit-10.xsd). Needs the
packages jsonschema and lxml. Prints each violation and ends with 1 if there is
one. With `--snapshots` the reports are snapshots of the tests, whose heads are
cut off.
"""

import json
import sys


def read(path, is_snapshot):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    return text.split("\n---\n", 1)[1] if is_snapshot else text


def violations(schema_path, text):
    if schema_path.endswith(".xsd"):
        from lxml import etree

        schema = etree.XMLSchema(etree.parse(schema_path))
        schema.validate(etree.fromstring(text.strip().encode()))
        return [str(error) for error in schema.error_log]
    import jsonschema

    with open(schema_path, encoding="utf-8") as file:
        schema = json.load(file)
    kind = jsonschema.validators.validator_for(schema)
    checker = kind(schema, format_checker=kind.FORMAT_CHECKER)
    return [f"{error.json_path}: {error.message}" for error in checker.iter_errors(json.loads(text))]


def main(arguments):
    is_snapshot = "--snapshots" in arguments
    schema, *reports = [argument for argument in arguments if argument != "--snapshots"]
    failed = False
    for report in reports:
        found = violations(schema, read(report, is_snapshot))
        print(f"{report}: {len(found)} violations of {schema}")
        for violation in found:
            print(f"  {violation}")
        failed |= bool(found)
    return 1 if failed or not reports else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
