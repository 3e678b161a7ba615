"""The search grammar of MLflow: filters and orderings, parsed into plain conditions that the store compiles to SQL.

    filter    := clause { AND clause }
    clause    := ident op value | ident [NOT] IN '(' string {',' string} ')' | ident IS [NOT] NULL
    ident     := [entity '.'] key        no entity means attribute; the first dot divides
    key       := bare | `any` | "any"
    string    := 'x' | "x"               the quote itself is written twice
    order_by  := ident [ASC | DESC]

There is no OR and there are no parentheses but those of a list. Words of the grammar are case-insensitive. What a
search may name stands in one ``Grammar`` per noun. Every fault is an ``InvalidValue`` whose sentence names the clause.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from zaffre.core import wholes
from zaffre.core.errors import InvalidValue
from zaffre.core.states import MLFLOW_STATUS


class Entity(str, enum.Enum):
    """What a key belongs to."""

    ATTRIBUTE = "attribute"
    METRIC = "metric"  # the latest value
    PARAM = "param"
    TAG = "tag"
    DATASET = "dataset"
    METADATA = "metadata"  # of a trace, as are those below
    SPAN = "span"
    FEEDBACK = "feedback"
    EXPECTATION = "expectation"
    ISSUE = "issue"


class Op(str, enum.Enum):
    EQ = "="
    NE = "!="
    GT = ">"
    GE = ">="
    LT = "<"
    LE = "<="
    LIKE = "LIKE"  # % is any text, _ one character; upper and lower case differ (SQLite's own LIKE ignores case)
    ILIKE = "ILIKE"  # the same, case ignored
    RLIKE = "RLIKE"  # a regular expression that is found somewhere in the text
    IN = "IN"
    NOT_IN = "NOT IN"
    IS_NULL = "IS NULL"
    IS_NOT_NULL = "IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Condition:
    """One clause. ``value`` is a number or text, a tuple of texts for IN and NOT IN, None for IS [NOT] NULL.

    As in SQL, a clause about a key that the row does not have is false, also for ``!=`` and NOT IN; only IS NULL finds
    it. The tuple may be empty: such an IN matches nothing.
    """

    entity: Entity
    key: str
    op: Op
    value: Value


Value = str | int | float | tuple[str, ...] | None
Filter = tuple[Condition, ...]  # all must hold; empty: everything matches


@dataclass(frozen=True, slots=True)
class OrderKey:
    """One key of an ordering. Rows without a value come last in either direction, NaN just before them."""

    entity: Entity
    key: str
    descending: bool = False
    dataset_name: str | None = None  # logged models only: the metric as measured on this dataset
    dataset_digest: str | None = None


Ordering = tuple[OrderKey, ...]

_NUMERIC: Final = frozenset({Op.EQ, Op.NE, Op.GT, Op.GE, Op.LT, Op.LE})
_TEXT: Final = frozenset({Op.EQ, Op.NE, Op.LIKE, Op.ILIKE})
_MEMBER: Final = frozenset({Op.IN, Op.NOT_IN})
_NULL: Final = frozenset({Op.IS_NULL, Op.IS_NOT_NULL})
ORDERED: Final = frozenset({Op.GT, Op.GE, Op.LT, Op.LE})
PATTERN_LENGTH: Final = 1000
_RUNAWAY: Final = re.compile(r"[*+}][^()|]*\)+[*+{]")  # a repetition of repetitions, such as (a+)+


_ENTITIES: Final[dict[str, Entity]] = {
    **dict.fromkeys(("attribute", "attributes", "attr", "run"), Entity.ATTRIBUTE),
    **dict.fromkeys(("metric", "metrics"), Entity.METRIC),
    **dict.fromkeys(("param", "params", "parameter", "parameters"), Entity.PARAM),
    **dict.fromkeys(("tag", "tags"), Entity.TAG),
    **dict.fromkeys(("dataset", "datasets"), Entity.DATASET),
}


@dataclass(frozen=True, slots=True)
class Grammar:
    """What one noun's search may name.

    ``texts`` and ``numbers`` map an attribute to the operators it takes; ``entities`` does so for whole entities
    (any key), ``keyed`` for entities with certain keys (``attributes.*``: any that begins so). ``order`` lists the
    attributes that an ordering may name, ``order_entities`` the entities beside them. ``names`` are the words for
    entities.
    """

    noun: str
    texts: Mapping[str, frozenset[Op]]
    numbers: frozenset[str]
    entities: Mapping[Entity, frozenset[Op]]
    order: frozenset[str]
    order_entities: frozenset[Entity] = frozenset()
    aliases: Mapping[str, str] = field(default_factory=dict)
    datasets: Mapping[str, frozenset[Op]] = field(default_factory=dict)
    keyed: Mapping[Entity, Mapping[str, frozenset[Op]]] = field(default_factory=dict)
    names: Mapping[str, Entity] = field(default_factory=lambda: _ENTITIES)

    def key_of(self, entity: Entity, key: str) -> str | None:
        """The name in ``keyed`` that stands for ``key``, if one does."""
        known = self.keyed[entity]
        if key in known:
            return key
        return next(
            (name for name in known if name.endswith("*") and key.startswith(name[:-1]) and key != name[:-1]), None
        )


RUNS: Final = Grammar(
    noun="runs",
    texts={
        "run_id": _TEXT | _MEMBER,
        "run_name": _TEXT,
        "user_id": _TEXT,
        "status": _TEXT,
        "artifact_uri": _TEXT,
    },
    numbers=frozenset({"start_time", "end_time"}),
    entities={Entity.METRIC: _NUMERIC, Entity.PARAM: _TEXT | _NULL, Entity.TAG: _TEXT | _NULL},
    order=frozenset({"run_id", "run_name", "user_id", "status", "artifact_uri", "start_time", "end_time"}),
    order_entities=frozenset({Entity.METRIC, Entity.PARAM, Entity.TAG}),
    aliases={
        "run name": "run_name",
        "Run name": "run_name",
        "Run Name": "run_name",
        "created": "start_time",
        "Created": "start_time",
    },
    datasets={"name": _TEXT | _MEMBER, "digest": _TEXT | _MEMBER, "context": _TEXT | _MEMBER},
)

EXPERIMENTS: Final = Grammar(
    noun="experiments",
    texts={"name": _TEXT, "experiment_id": frozenset({Op.EQ, Op.NE}) | _MEMBER},
    numbers=frozenset({"creation_time", "last_update_time"}),
    entities={Entity.TAG: _TEXT | _NULL},
    order=frozenset({"name", "experiment_id", "creation_time", "last_update_time"}),
)

REGISTERED_MODELS: Final = Grammar(
    noun="registered models",
    texts={"name": _TEXT | _MEMBER},
    numbers=frozenset(),
    entities={Entity.TAG: _TEXT},
    order=frozenset({"name", "last_updated_timestamp", "creation_timestamp"}),
    aliases={"timestamp": "last_updated_timestamp"},
)

MODEL_VERSIONS: Final = Grammar(
    noun="model versions",
    texts={"name": _TEXT | _MEMBER, "run_id": _TEXT | _MEMBER, "source_path": _TEXT},
    numbers=frozenset({"version_number"}),
    entities={Entity.TAG: _TEXT},
    order=frozenset({"name", "version_number", "creation_timestamp", "last_updated_timestamp"}),
)

LOGGED_MODELS: Final = Grammar(
    noun="logged models",
    texts=dict.fromkeys(("name", "model_id", "model_type", "status", "source_run_id"), _TEXT | _MEMBER),
    numbers=frozenset({"creation_timestamp", "last_updated_timestamp"}),
    entities={Entity.METRIC: _NUMERIC, Entity.PARAM: _TEXT, Entity.TAG: _TEXT},
    order=frozenset({"name", "model_id", "model_type", "status", "source_run_id"})
    | {"creation_timestamp", "last_updated_timestamp"},
    order_entities=frozenset({Entity.METRIC, Entity.PARAM, Entity.TAG}),
    aliases={"creation_time": "creation_timestamp", "last_updated_time": "last_updated_timestamp"},
)

_TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?![\w.])
    | (?P<single>'(?:''|[^'])*')
    | (?P<ident>(?:[^\W\d]\w*\.){0,2}`[^`]*`|[^\W\d]\w*\.(?:"[^"]*"|'[^']*')|[^\W\d][\w.\-/:]*)
    | (?P<double>"(?:""|[^"])*")
    | (?P<op>!=|>=|<=|<>|==|=|>|<)
    | (?P<punct>[(),])
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # number, single, double, ident, op, punct, end
    text: str
    at: int


class _Reader:
    """The tokens of one filter, read from left to right."""

    def __init__(self, text: str, grammar: Grammar) -> None:
        self.text = text
        self.grammar = grammar
        self.tokens = list(self._scan())
        self.at = 0

    def _scan(self) -> list[_Token]:
        tokens: list[_Token] = []
        at = 0
        end = len(self.text.rstrip())
        while at < end:
            match = _TOKEN.match(self.text, at)
            if match is None or match.lastgroup is None:
                raise self.fault(at, "cannot be read")
            tokens.append(_Token(match.lastgroup, match.group(match.lastgroup), match.start(match.lastgroup)))
            at = match.end()
        return [*tokens, _Token("end", "", end)]

    def fault(self, at: int, why: str) -> InvalidValue:
        clause = self.text[at:].strip() or "its end"
        return InvalidValue(
            f"Invalid clause(s) in filter string {self.text!r} for {self.grammar.noun}: {clause!r} {why}. "
            "A filter is clauses joined by AND, such as metrics.loss < 0.5 AND tags.team = 'blue'.",
            filter=self.text,
        )

    def peek(self) -> _Token:
        return self.tokens[self.at]

    def take(self) -> _Token:
        token = self.tokens[self.at]
        if token.kind != "end":
            self.at += 1
        return token

    def word(self, *words: str) -> bool:
        """Take the next token if it is one of ``words`` (upper case), bare."""
        token = self.peek()
        if token.kind == "ident" and token.text.upper() in words:
            self.at += 1
            return True
        return False


def parse_filter(text: str | None, grammar: Grammar) -> Filter:
    """The conditions of ``text``; none or blank is the empty filter, which everything matches.

    In a filter for runs, a clause about ``status`` comes out as IN with the run statuses of this product
    (``RunStatus`` values, perhaps none) that it selects, whether it was written with MLflow's names or with Azure's.
    """
    if text is None or not text.strip():
        return ()
    reader = _Reader(text, grammar)
    conditions = [_clause(reader)]
    while reader.peek().kind != "end":
        token = reader.peek()
        if not reader.word("AND"):
            raise reader.fault(token.at, "stands where AND or the end is expected")
        conditions.append(_clause(reader))
    return tuple(conditions)


def _clause(reader: _Reader) -> Condition:
    start = reader.peek()
    if start.kind not in ("ident", "double"):
        raise reader.fault(start.at, "does not begin with the name of something to compare")
    entity, key = _identifier(reader.take().text, reader.grammar, f"filter {reader.text!r}")
    op = _operator(reader)
    allowed, numeric = _operators_of(entity, key, reader.grammar)
    if op not in allowed:
        raise reader.fault(
            start.at,
            f"uses {op.value}, but {entity.value} {key!r} takes only {', '.join(o.value for o in Op if o in allowed)}",
        )
    condition = Condition(entity, key, *_value(reader, op, op in numeric, entity, key))
    if reader.grammar is RUNS and entity is Entity.ATTRIBUTE and key == "status":
        return _status_condition(condition)
    return condition


def _operator(reader: _Reader) -> Op:
    token = reader.take()
    if token.kind == "op":
        return Op({"<>": "!=", "==": "="}.get(token.text, token.text))
    word = token.text.upper() if token.kind == "ident" else ""
    if word in ("LIKE", "ILIKE", "RLIKE", "IN"):
        return Op(word)
    if word == "NOT" and reader.word("IN"):
        return Op.NOT_IN
    if word == "IS":
        op = Op.IS_NOT_NULL if reader.word("NOT") else Op.IS_NULL
        if reader.word("NULL"):
            return op
    raise reader.fault(
        token.at, "is not a comparison: use =, !=, >, >=, <, <=, LIKE, ILIKE, IN, NOT IN, IS NULL or IS NOT NULL"
    )


def _operators_of(entity: Entity, key: str, grammar: Grammar) -> tuple[frozenset[Op], frozenset[Op]]:
    """The operators that the key takes, and those that compare it with a number."""
    if entity is Entity.ATTRIBUTE:
        return (_NUMERIC, _NUMERIC) if key in grammar.numbers else (grammar.texts[key], frozenset())
    if entity is Entity.DATASET:
        return grammar.datasets[key], frozenset()
    if entity in grammar.keyed:
        return grammar.keyed[entity][grammar.key_of(entity, key) or key], frozenset()
    return grammar.entities[entity], _NUMERIC if entity is Entity.METRIC else ORDERED


def _value(reader: _Reader, op: Op, number: bool, entity: Entity, key: str) -> tuple[Op, Value]:
    if op in _NULL:
        return op, None
    if op in _MEMBER:
        return op, _list(reader)
    token = reader.take()
    if number:
        if token.kind != "number":
            raise reader.fault(token.at, f"is not a number, which {entity.value} {key!r} is compared with")
        word, compared = wholes.comparison(op.value, token.text, is_whole=entity is Entity.ATTRIBUTE)
        return Op(word), compared
    if token.kind not in ("single", "double"):
        raise reader.fault(token.at, f"is not a quoted string, which {entity.value} {key!r} is compared with")
    if op is Op.RLIKE:
        _check_pattern(reader, token, _unquote(token.text))
    return op, _unquote(token.text)


def _check_pattern(reader: _Reader, token: _Token, pattern: str) -> None:
    """A search must end: a pattern that a text can keep busy for ever is refused, one of another sort too."""
    if len(pattern) > PATTERN_LENGTH or _RUNAWAY.search(pattern):
        raise reader.fault(token.at, f"is longer than {PATTERN_LENGTH} characters or repeats what is repeated already")
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        raise reader.fault(token.at, "is not a regular expression") from None


def _list(reader: _Reader) -> tuple[str, ...]:
    opening = reader.take()
    if opening.text != "(" or opening.kind != "punct":
        raise reader.fault(opening.at, "is not a list such as ('a', 'b')")
    values: list[str] = []
    while True:
        token = reader.take()
        if token.kind not in ("single", "double"):
            raise reader.fault(token.at, "is not a quoted string in a list such as ('a', 'b')")
        values.append(_unquote(token.text))
        token = reader.take()
        if token.text == "," and token.kind == "punct":
            if reader.peek().text != ")":
                continue
            token = reader.take()  # a trailing comma, as Python writes a tuple of one
        if token.text == ")" and token.kind == "punct":
            return tuple(values)
        raise reader.fault(token.at, "stands where a list goes on with ',' or ends with ')'")


def _unquote(text: str) -> str:
    quote = text[0]
    return text[1:-1].replace(quote * 2, quote)


def _identifier(text: str, grammar: Grammar, where: str) -> tuple[Entity, str]:
    """The entity and the canonical key that an identifier names."""
    head, dot, rest = ("", "", text) if text[0] in "`\"'" else text.partition(".")
    if not dot:
        entity, key = Entity.ATTRIBUTE, _unquote_key(text)
    else:
        found = grammar.names.get(head.lower())
        if found is None:
            raise InvalidValue(
                f"{head!r} in the {where} is not something that {grammar.noun} have: use "
                f"{', '.join(_entity_names(grammar))}.",
                clause=text,
            )
        entity, key = found, _unquote_key(rest)
    if not key:
        raise InvalidValue(f"{text!r} in the {where} names no key.", clause=text)
    if entity is Entity.ATTRIBUTE:
        key = grammar.aliases.get(key, key)
        known: frozenset[str] = frozenset(grammar.texts) | grammar.numbers | grammar.order
    elif entity is Entity.DATASET:
        known = frozenset(grammar.datasets)
    elif entity in grammar.keyed:
        start, dot, name = key.partition(".")
        key = f"{start}{dot}{_unquote_key(name)}"
        known = frozenset({key}) if grammar.key_of(entity, key) else frozenset(grammar.keyed[entity])
    else:
        known = frozenset({key}) if entity in grammar.entities else frozenset()
    if key not in known:
        choice = f"use one of {', '.join(sorted(known))}" if known else f"use {', '.join(_entity_names(grammar))}"
        raise InvalidValue(
            f"Invalid {entity.value} key {key!r} in the {where}: {grammar.noun} do not have it; {choice}.", clause=text
        )
    return entity, key


def _unquote_key(text: str) -> str:
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "`\"'":
        return text[1:-1]
    return text


def _entity_names(grammar: Grammar) -> list[str]:
    if grammar.keyed:
        return sorted(grammar.names)
    names = ["attributes", *(f"{entity.value}s" for entity in grammar.entities)]
    return [*names, "datasets"] if grammar.datasets else names


def parse_order_by(clauses: Sequence[str], grammar: Grammar) -> Ordering:
    """The keys of ``clauses`` (``"metrics.loss DESC"``), in order; a key may be named once."""
    keys: list[OrderKey] = []
    for clause in clauses:
        text = clause.strip()
        match = re.fullmatch(r"(?s)(.*?\S)(?:\s+(asc|desc))?", text, re.IGNORECASE)
        if match is None:
            raise InvalidValue(f"Invalid order_by clause {clause!r}: it names nothing to order by.", clause=clause)
        name, direction = match.group(1), (match.group(2) or "asc").lower()
        keys.append(order_key(name, grammar, descending=direction == "desc"))
    if len({(key.entity, key.key) for key in keys}) < len(keys):
        raise InvalidValue(f"order_by names a key twice: {list(clauses)!r}; name each once.", clause=list(clauses))
    return tuple(keys)


def order_key(
    name: str,
    grammar: Grammar,
    *,
    descending: bool = False,
    dataset_name: str | None = None,
    dataset_digest: str | None = None,
) -> OrderKey:
    """One key of an ordering from its identifier, such as ``metrics.loss`` or ``start_time``."""
    where = f"order_by clause {name!r}"
    bare = re.fullmatch(r"(?:[^\W\d]\w*\.)?(?:`[^`]+`|\"[^\"]+\"|'[^']+'|[\w.\-/:]+)", name)
    if bare is None:
        raise InvalidValue(
            f"Invalid order_by clause {name!r}: it is not a name followed by ASC or DESC, such as metrics.loss DESC; "
            "put a name with spaces in backticks.",
            clause=name,
        )
    entity, key = _identifier(name, grammar, where)
    allowed = key in grammar.order if entity is Entity.ATTRIBUTE else entity in grammar.order_entities
    if not allowed:
        raise InvalidValue(
            f"Invalid order_by clause {name!r}: {grammar.noun} can be ordered by {', '.join(sorted(grammar.order))}"
            + "".join(f", {item.value}s.<key>" for item in Entity if item in grammar.order_entities)
            + ".",
            clause=name,
        )
    return OrderKey(entity, key, descending, dataset_name, dataset_digest)


def like_pattern(pattern: str, *, ignore_case: bool = False) -> re.Pattern[str]:
    """A LIKE pattern as a regular expression to be matched in full."""
    parts = ("." if char == "_" else ".*" if char == "%" else re.escape(char) for char in pattern)
    return re.compile("".join(parts), re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def names_tag(conditions: Filter, key: str) -> bool:
    """Whether a filter names this tag (searches of models hide prompts unless it names their tag)."""
    return any(condition.entity is Entity.TAG and condition.key == key for condition in conditions)


def _status_condition(condition: Condition) -> Condition:
    value = str(condition.value)
    if condition.op in (Op.LIKE, Op.ILIKE):
        pattern = like_pattern(value, ignore_case=condition.op is Op.ILIKE)
    else:
        pattern = re.compile(re.escape(value))
    found = {
        status
        for status, mlflow_name in MLFLOW_STATUS.items()
        if pattern.fullmatch(mlflow_name) or pattern.fullmatch(status.value)
    }
    if condition.op is Op.NE:
        found = set(MLFLOW_STATUS) - found
    return Condition(
        Entity.ATTRIBUTE, "status", Op.IN, tuple(status.value for status in MLFLOW_STATUS if status in found)
    )
