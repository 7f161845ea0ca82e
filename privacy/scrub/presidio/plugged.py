"""A user's own model, from a path on this machine: a spaCy or ONNX folder, or a Presidio configuration."""

from __future__ import annotations

from pathlib import Path

import yaml
from presidio_analyzer import EntityRecognizer
from presidio_analyzer.nlp_engine import NlpEngine, NlpEngineProvider, SpacyNlpEngine
from presidio_analyzer.predefined_recognizers import SpacyRecognizer
from presidio_analyzer.recognizer_registry import RecognizerRegistryProvider

from privacy.scrub.presidio.detector import LANGUAGE
from privacy.scrub.presidio.recognizers import model_recognizer
from understudy.errors import UsageError


def plugged(path: Path) -> tuple[list[EntityRecognizer], NlpEngine | None]:
    """A user's own model: recognizers to add, and the engine that they need.

    A folder is a spaCy pipeline, or a token classifier as Hugging Face's exporters write it (``config.json``,
    ``tokenizer.json``, ``model.onnx``), which needs the extra ``strong``. A YAML file is Presidio's own configuration,
    with ``nlp_configuration`` (whose models are paths too), ``recognizer_registry``, or both. Nothing is downloaded.
    Raises: UsageError (model-not-usable) for anything else.
    """
    try:
        if (path / "meta.json").is_file():
            return _spacy([{"lang_code": LANGUAGE, "model_name": str(path)}])
        if (path / "config.json").is_file() and any(path.rglob("*.onnx")):
            from privacy.scrub.neural.classifier import OnnxClassifier  # the extra need not be there

            return [model_recognizer(OnnxClassifier.load(path), "OnnxClassifier")], None
        if path.suffix in (".yaml", ".yml") and path.is_file():
            return _configured(path)
    except UsageError:
        raise
    except Exception:  # whatever a configuration makes of a library is said in our words
        raise UsageError("The model or its configuration cannot be loaded.", code="model-not-usable") from None
    raise UsageError("A model is a spaCy or ONNX folder, or a Presidio YAML, on this machine.", code="model-not-usable")


def _spacy(models: list[dict[str, str]]) -> tuple[list[EntityRecognizer], NlpEngine | None]:
    engine = SpacyNlpEngine(models=models)
    engine.load()
    return [SpacyRecognizer()], engine


def _configured(path: Path) -> tuple[list[EntityRecognizer], NlpEngine | None]:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    models = (document.get("nlp_configuration") or {}).get("models") or []
    if not all(isinstance(model.get("model_name"), str) and Path(model["model_name"]).exists() for model in models):
        raise UsageError("Each model of the configuration is a path on this machine.", code="model-not-a-path")
    engine: NlpEngine | None = None
    extra: list[EntityRecognizer] = []
    if models:
        configuration = document["nlp_configuration"]
        engine = NlpEngineProvider(nlp_configuration=configuration).create_engine()
        extra.append(SpacyRecognizer())
    registry = document.get("recognizer_registry")
    if registry:
        provider = RecognizerRegistryProvider(registry_configuration=registry)
        extra += provider.create_recognizer_registry().recognizers
    return extra, engine
