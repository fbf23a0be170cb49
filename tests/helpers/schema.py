#!/usr/bin/env python3
"""Checks JSON Lines against a JSON Schema: schema.py FILE [EVENT [KEY]...]

Each line of FILE must be one whole object of RFC 8259 in UTF-8, without any raw control character,
without a member that stands twice or is null, and valid by man/schema.json. Of the schema language
what is used there is known, and nothing else.

Then the members KEY (`peer.port`, `failures.0.code`) of each object whose `event` is EVENT (`any`:
of all, also of a report, which has no event) are printed, a line each, separated by blanks; `-` where one is missing. Without KEY, how
many there are. Exit status 1 and a line on stderr if something is not as it should be.

schema.py -i FILE: each line is to be invalid; those that are not are printed.
"""
import json
import os
import re
import sys
from datetime import datetime

TYPES = {
    'object': lambda v: isinstance(v, dict),
    'array': lambda v: isinstance(v, list),
    'string': lambda v: isinstance(v, str),
    'boolean': lambda v: isinstance(v, bool),
    'integer': lambda v: isinstance(v, int) and not isinstance(v, bool),
    'number': lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
}
ANNOTATIONS = {'$schema', '$id', '$comment', '$defs', 'title'}


class Invalid(Exception):
    pass


class Schema:
    def __init__(self, path):
        with open(path, encoding='utf-8') as f:
            self.root = json.load(f, object_pairs_hook=members)
        for rule in [self.root, *self.root['$defs'].values()]:
            self.known(rule)

    def known(self, rule):
        for name in rule:
            if name not in ANNOTATIONS and not hasattr(self, name.replace('$', '') + '_'):
                raise Invalid(f'schema: {name} is not known here')
        for part in rule.get('properties', {}).values():
            self.known(part)

    def check(self, value, rule, where='line'):
        for name, argument in rule.items():
            if name not in ANNOTATIONS:
                getattr(self, name.replace('$', '') + '_')(value, argument, where, rule)

    def ref_(self, value, argument, where, _):
        rule = self.root
        for part in argument.removeprefix('#/').split('/'):
            rule = rule[part]
        self.check(value, rule, where)

    def oneOf_(self, value, argument, where, _):
        faults = []
        for rule in argument:
            try:
                self.check(value, rule, where)
            except Invalid as fault:
                faults.append(str(fault))
        if len(faults) != len(argument) - 1:
            # That of the right kind got furthest.
            best = [fault for fault in faults if '.event: ' not in fault] or faults
            raise Invalid(best[0] if len(faults) == len(argument) else f'{where}: of two kinds')

    @staticmethod
    def type_(value, argument, where, _):
        if not TYPES[argument](value):
            raise Invalid(f'{where}: {value!r} is no {argument}')

    @staticmethod
    def const_(value, argument, where, _):
        if value != argument:
            raise Invalid(f'{where}: {value!r} is not {argument!r}')

    @staticmethod
    def enum_(value, argument, where, _):
        if value not in argument:
            raise Invalid(f'{where}: {value!r} is none of {argument}')

    @staticmethod
    def pattern_(value, argument, where, _):
        # $ is the end here, not a newline before it.
        if isinstance(value, str) and not re.search(re.sub(r'\$$', r'\\Z', argument), value):
            raise Invalid(f'{where}: {value!r} does not match {argument}')

    @staticmethod
    def minimum_(value, argument, where, _):
        if value < argument:
            raise Invalid(f'{where}: {value} is below {argument}')

    @staticmethod
    def maximum_(value, argument, where, _):
        if value > argument:
            raise Invalid(f'{where}: {value} is over {argument}')

    @staticmethod
    def minItems_(value, argument, where, _):
        if len(value) < argument:
            raise Invalid(f'{where}: less than {argument} items')

    def items_(self, value, argument, where, _):
        for i, item in enumerate(value):
            self.check(item, argument, f'{where}.{i}')

    # The event first: it tells what kind it is meant to be.
    def properties_(self, value, argument, where, _):
        for name in sorted(argument, key=lambda name: name != 'event'):
            if name in value:
                self.check(value[name], argument[name], f'{where}.{name}')

    @staticmethod
    def required_(value, argument, where, _):
        for name in argument:
            if name not in value:
                raise Invalid(f'{where}: {name} is missing')

    @staticmethod
    def additionalProperties_(value, argument, where, rule):
        more = [name for name in value if name not in rule['properties']]
        if more and argument is False:
            raise Invalid(f'{where}: {more[0]} is not known')


def members(pairs):
    result = dict(pairs)
    if len(result) != len(pairs):
        raise Invalid('a member stands twice')
    return result


def no_constant(word):
    raise Invalid(f'{word} is no JSON')


def read(line):
    """One line as an object."""
    if not line.endswith(b'\n'):
        raise Invalid('no whole line')
    text = line[:-1].decode('utf-8')
    if re.search('[\x00-\x1f\x7f-\x9f]', text):
        raise Invalid('a raw control character')
    if text != text.strip():
        raise Invalid('blanks around it')
    value = json.loads(text, object_pairs_hook=members, parse_constant=no_constant)
    if not isinstance(value, dict):
        raise Invalid('no object')
    return value


def no_null(value):
    if value is None:
        raise Invalid('null')
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
        no_null(part)


def member(value, key):
    for name in key.split('.'):
        try:
            value = value[int(name)] if isinstance(value, list) else value[name]
        except (KeyError, IndexError, ValueError, TypeError):
            return '-'
    return value if isinstance(value, (str, int, float)) else json.dumps(value)


def check(schema, line):
    value = read(line)
    no_null(value)
    schema.check(value, schema.root)
    if 'time' in value:
        datetime.strptime(value['time'], '%Y-%m-%dT%H:%M:%S.%fZ')
    return value


def invalid(schema, lines):
    for line in lines:
        try:
            check(schema, line)
            print(line)
        except (Invalid, ValueError):
            pass


def main():
    words = sys.argv[1:]
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../man/schema.json')
    schema = Schema(path)
    with open(words.pop(words[0] == '-i'), 'rb') as f:
        lines = list(f)
    if words == ['-i']:
        invalid(schema, lines)
        return
    found = []
    for n, line in enumerate(lines, 1):
        try:
            found.append(check(schema, line))
        except (Invalid, ValueError) as fault:
            sys.exit(f'schema: line {n}: {fault}: {line!r}')
    if not words:
        print(len(found))
        return
    found = [value for value in found if words[0] in ('any', value.get('event'))]
    if len(words) == 1:
        print(len(found))
        return
    for value in found:
        print(*(member(value, key) for key in words[1:]))


main()
