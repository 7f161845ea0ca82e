"""Labelled text for the tagger: templates, filled, joined and roughened. Pure given a ``random.Random``."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.scrub_fill_people import Piece
from benchmarks.scrub_fillers import Fillers

TEMPLATES = Path(__file__).with_name("scrub_templates.txt")
_NODE = re.compile(r"\{(\w+)\}|\[|\]|\|")


@dataclass(frozen=True, slots=True)
class Slot:
    """A place that a filler fills."""

    name: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several sequences."""

    options: tuple[tuple[Node, ...], ...]


Node = str | Slot | Choice


def read_templates(path: Path = TEMPLATES) -> list[tuple[Node, ...]]:
    """One parsed template for each line that is no comment."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [parse(line.replace("\\n", "\n").replace("\\t", "\t")) for line in lines if line and line[0] != "#"]


def parse(line: str) -> tuple[Node, ...]:
    """``[a|b]`` are choices and may nest, ``{X}`` slots; the rest stands for itself."""
    stack: list[list[list[Node]]] = [[[]]]
    place = 0
    for match in _NODE.finditer(line):
        if match.start() > place:
            stack[-1][-1].append(line[place : match.start()])
        place = match.end()
        if match[1]:
            stack[-1][-1].append(Slot(match[1]))
        elif match[0] == "[":
            stack.append([[]])
        elif match[0] == "|" and len(stack) > 1:
            stack[-1].append([])
        elif match[0] == "]" and len(stack) > 1:
            options = tuple(tuple(option) for option in stack.pop())
            stack[-1][-1].append(Choice(options))
        else:
            stack[-1][-1].append(match[0])
    if len(stack) != 1:
        raise ValueError(f"a bracket is open: {line[:60]}")
    stack[0][0].append(line[place:])
    return tuple(stack[0][0])


def expand(nodes: tuple[Node, ...], fill: Fillers) -> Iterator[Piece]:
    """The pieces of one reading of a template."""
    for node in nodes:
        if isinstance(node, str):
            yield node, ""
        elif isinstance(node, Slot):
            yield from fill.slots[node.name]()
        else:
            yield from expand(fill.rng.choice(node.options), fill)


def document(templates: list[tuple[Node, ...]], fill: Fillers) -> list[Piece]:
    """One to four sentences, roughened."""
    rng = fill.rng
    pieces: list[Piece] = []
    for n in range(rng.choice([1, 1, 1, 2, 2, 3, 4])):
        if n:
            pieces.append((rng.choice([" ", " ", " ", "\n", ". ", "\n\n"]), ""))
        draw = rng.random()
        if draw < 0.08:
            pieces.append((rng.choice(fill.pools.prose), ""))
        elif draw < 0.14:
            pieces.append((rng.choice(fill.pools.capitals), ""))
        elif draw < 0.34:
            pieces += spliced(rng.choice(fill.pools.prose), fill)
        else:
            pieces += expand(rng.choice(templates), fill)
    return roughen(pieces, rng)


SPLICED = "P P P P F F L C C C CO O O OW ST D D Y FA A NRP AGE PH EM USER ID".split()  # noqa: SIM905
TRAPS = "X X X X w song song ab n num w".split()  # noqa: SIM905


def spliced(sentence: str, fill: Fillers) -> list[Piece]:
    """A sentence in which some words give way to names and others to traps: no wording foretells which.

    That teaches a word's own look, where templates teach its surroundings.
    """
    rng = fill.rng
    words = sentence.split(" ")
    places = set(rng.sample(range(len(words)), min(len(words), rng.choice([1, 1, 2, 2, 3]))))
    pieces: list[Piece] = []
    for place, word in enumerate(words):
        gap = " " if place else ""
        if place in places:
            slot = rng.choice(SPLICED if rng.random() < 0.6 else TRAPS)
            end = word[-1] if word[-1] in ",.;:" else ""
            pieces += [(gap, ""), *fill.slots[slot](), (end, "")]
        else:
            pieces.append((gap + word, ""))
    return [(text, label) for text, label in pieces if text]


def roughen(pieces: list[Piece], rng: random.Random) -> list[Piece]:
    """Case, misread letters and lost punctuation, each in a small share of documents."""
    draw = rng.random()
    if draw < 0.11:
        pieces = [(text.lower(), label) for text, label in pieces]
    elif draw < 0.16:
        pieces = [(text.upper(), label) for text, label in pieces]
    elif draw < 0.18:
        pieces = [(text.title(), label) for text, label in pieces]
    elif draw < 0.24:
        pieces = [(text.lower() if label else text, label) for text, label in pieces]
    elif draw < 0.28:
        pieces = [(text.upper() if label in ("PERSON", "LOCATION") else text, label) for text, label in pieces]
    elif draw < 0.32:
        pieces = [(_misread(text, rng), label) for text, label in pieces]
    elif draw < 0.36:
        pieces = [(re.sub(r"[.,:;](?=\s|$)", "", text), label) for text, label in pieces]
    return [(text, label) for text, label in pieces if text]


def _misread(text: str, rng: random.Random) -> str:
    """One letter in twenty is swapped with its neighbour or read as another."""
    letters = list(text)
    for place in range(len(letters) - 1):
        if letters[place].isalpha() and rng.random() < 0.05:
            swap = {"l": "1", "o": "0", "O": "0", "I": "l", "e": "c", "n": "m", "S": "5"}
            if letters[place] in swap:
                letters[place] = swap[letters[place]]
            elif letters[place + 1].isalpha():
                letters[place], letters[place + 1] = letters[place + 1], letters[place]
    return "".join(letters)
