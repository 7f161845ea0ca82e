"""What an operator deploys, held against the schemas of who reads it and against the commands that the project has."""

from __future__ import annotations

import configparser
import functools
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.store.vault import ROOT_FILE

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
CHART = DEPLOY / "helm" / "understudy"
BIN = Path(sys.executable).parent


def run(*command: object, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=check, cwd=ROOT)


def rendered(*settings: str) -> list[dict[str, Any]]:
    flags = [word for setting in settings for word in ("--set", setting)]
    return [part for part in yaml.safe_load_all(run(BIN / "helm", "template", "u", CHART, *flags).stdout) if part]


def pods(documents: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        document["metadata"]["name"]: document["spec"]["template"]["spec"]
        for document in documents
        if document["kind"] in {"Deployment", "StatefulSet", "Job"}
    }


def words_of(arguments: list[str]) -> tuple[str, list[str]]:
    return arguments[0], [word.partition("=")[0] for word in arguments[1:] if word.startswith("--")]


@functools.cache
def usage(verb: str) -> str:
    done = subprocess.run([BIN / "understudy", verb, "--help"], capture_output=True, text=True, env={"COLUMNS": "300"})
    assert done.returncode == 0, done.stderr
    return done.stdout


def assert_is_a_command(arguments: list[str]) -> None:
    verb, options = words_of(arguments)
    assert [option for option in options if option not in usage(verb)] == []


@pytest.fixture(scope="module")
def chart() -> list[dict[str, Any]]:
    return rendered()


def test_the_chart_has_no_lint_and_kubernetes_knows_all_of_it(tmp_path: Path) -> None:
    run(BIN / "helm", "lint", "--strict", CHART)
    for settings in ((), ("api.tlsSecret=tls", "worker.replicas=3", "settings.UNDERSTUDY_AUDIT_SYSLOG=udp://siem:514")):
        file = tmp_path / "all.yaml"
        file.write_text(yaml.safe_dump_all(rendered(*settings)))
        done = run(BIN / "kubernetes-validate", "--strict", "--kubernetes-version", "1.31", file, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_check_finds_a_field_that_kubernetes_does_not_know(tmp_path: Path, chart: list[dict[str, Any]]) -> None:
    broken = [{**document, "spec": {**document["spec"], "nonsense": 1}} for document in chart]
    file = tmp_path / "all.yaml"
    file.write_text(yaml.safe_dump_all(broken))
    done = run(BIN / "kubernetes-validate", "--strict", "--kubernetes-version", "1.31", file, check=False)
    assert done.returncode != 0


def test_values_that_cannot_work_are_refused_before_anything_is_deployed() -> None:
    for setting in ("existingSecret=", "blobs=/data", "worker.replicas=0", "settings.PATH=x"):
        done = run(BIN / "helm", "template", "u", CHART, "--set", setting, check=False)
        assert done.returncode != 0, setting


def test_every_container_runs_a_command_that_there_is(chart: list[dict[str, Any]]) -> None:
    found = [container["args"] for pod in pods(chart).values() for container in pod["containers"]]
    assert {arguments[0] for arguments in found} == {"serve", "worker", "migrate"}
    for arguments in found:
        assert_is_a_command(arguments)


def test_every_pod_is_restricted(chart: list[dict[str, Any]]) -> None:
    """The Pod Security Standard 'restricted', and a root file system that cannot be written."""
    assert set(pods(chart)) == {"u-api", "u-worker", "u-migrate"}
    for pod in pods(chart).values():
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        for container in pod["containers"]:
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False
            assert context["readOnlyRootFilesystem"] is True
            assert context["capabilities"] == {"drop": ["ALL"]}
            assert "memory" in container["resources"]["limits"]


def test_no_way_out_is_open_but_the_database_and_the_names(chart: list[dict[str, Any]]) -> None:
    (policy,) = [document["spec"] for document in chart if document["kind"] == "NetworkPolicy"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert all(rule.get("to") and rule.get("ports") for rule in policy["egress"])
    assert {port["port"] for rule in policy["egress"] for port in rule["ports"]} == {53, 5432}


def test_no_secret_stands_in_the_chart_or_in_compose() -> None:
    text = "\n".join(path.read_text() for path in [*CHART.rglob("*.yaml"), *DEPLOY.glob("compose*.yaml")])
    assert re.findall(r"(?i)(?:password|secret_key|root_key)\w*\s*:\s*[\"']?[A-Za-z0-9]{6,}", text) == []
    examples = (DEPLOY / "scaled.env.example").read_text()
    assert all(line.startswith("#") or line.endswith("=") for line in examples.splitlines() if line)


@pytest.mark.parametrize("name", ["compose.yaml", "compose.scaled.yaml"])
def test_compose_is_well_formed_and_runs_commands_that_there_are(name: str) -> None:
    run(BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", DEPLOY / name)
    services = yaml.safe_load((DEPLOY / name).read_text())["services"]
    ours = {key: service for key, service in services.items() if service.get("image", "").startswith("understudy")}
    assert ours
    for service in ours.values():
        if service.get("command"):
            assert_is_a_command(service["command"])
    for service in services.values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))


def test_the_settings_that_deployments_name_are_settings(chart: list[dict[str, Any]]) -> None:
    from service.settings import Settings

    names = {
        entry["name"]: "1"
        for pod in pods(chart).values()
        for container in pod["containers"]
        for entry in container["env"]
    }
    text = "\n".join(path.read_text() for path in DEPLOY.rglob("*") if path.suffix in {".yaml", ".service", ".example"})
    names |= dict.fromkeys(re.findall(r"\b(UNDERSTUDY_[A-Z_]+)\s*[:=]", text), "1")
    assert len(names) > 6
    values = {"UNDERSTUDY_ROOT_KEY": "00" * 32, "UNDERSTUDY_BLOBS": "s3://b/p", "UNDERSTUDY_AUDIT_SYSLOG": ""}
    Settings.from_environment({name: values.get(name, "1") for name in names if name.startswith("UNDERSTUDY_")})


@pytest.mark.parametrize("name", ["understudy.service", "understudy-worker@.service"])
def test_units_run_our_commands_without_privileges(name: str) -> None:
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string((DEPLOY / "systemd" / name).read_text())
    service = unit["Service"]
    assert_is_a_command(service["ExecStart"].split()[1:])
    for setting, value in {
        "DynamicUser": "yes",
        "ProtectSystem": "strict",
        "NoNewPrivileges": "yes",
        "PrivateTmp": "yes",
        "IPAddressDeny": "any",
        "CapabilityBoundingSet": "",
    }.items():
        assert service[setting] == value
    assert "MemoryMax" in service


def test_the_values_have_a_schema_that_is_one() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    assert schema["type"] == "object"
    assert set(schema["required"]) <= set(yaml.safe_load((CHART / "values.yaml").read_text()))


@pytest.mark.parametrize("page", ["deploy.md", "storage.md"])
def test_the_key_that_an_operator_must_keep_is_named_as_it_is(page: str) -> None:
    assert f"keys/{ROOT_FILE}`" in (ROOT / "docs" / page).read_text()
