"""What callgrind counted: instructions of each function and calls of the allocator.

A figure of a vote is the difference of two runs of equal length and unequal rate, divided by the difference of their
votes: what set-up, polls and clock ticks cost cancels.
"""

import collections
import re

# What libcurl asks for memory through, in place of malloc: its doing, though the code is votebench's.
CURL_MEMORY = "curlMemory"

ALLOCATORS = {"malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc", "memalign"}
# Functions of Swift's runtime between the code that allocates and the allocator.
RUNTIME = re.compile(r"swift_(slowAlloc|allocObject|bufferAllocate|allocBox|allocError|task_alloc)|_ZL?\d*_?swift_(slow)?alloc")
NAME = re.compile(r"\((\d+)\)(?: (.*))?")


class Profile:
    """Counts of one run, all threads together."""

    def __init__(self):
        self.instructions = collections.Counter()  # by (object, function), without what it calls
        self.calls = collections.Counter()  # by (object of the caller, caller, callee)

    @classmethod
    def read(cls, path):
        """The profile in a file of callgrind's."""
        profile = cls()
        with open(path, encoding="utf-8", errors="replace") as lines:
            profile._add(lines)
        return profile

    def _add(self, lines):
        names = {"ob": {}, "fn": {}}
        owner = function = callee = "???"
        is_inclusive = False
        for line in lines:
            line = line.rstrip("\n")
            if not line:
                continue
            if line[0] in "0123456789+-*":
                if not is_inclusive:
                    self.instructions[owner, function] += int(line.split()[1])
                is_inclusive = False
            elif line.startswith("calls="):
                count = int(line[6:].split()[0])
                self.calls[owner, function, callee] += count
                is_inclusive = True  # the next line has the cost of the calls, which stands with the callee too
            elif line.startswith("ob="):
                owner = _full_name(names["ob"], line[3:])
            elif line.startswith("cob="):
                _full_name(names["ob"], line[4:])
            elif line.startswith("fn="):
                function = _full_name(names["fn"], line[3:])
            elif line.startswith("cfn="):
                callee = _full_name(names["fn"], line[4:])


def _full_name(known, text):
    """A name is spelled out once and is a number from then on."""
    match = NAME.fullmatch(text)
    if not match:
        return text
    if match[2] is not None:
        known[match[1]] = match[2]
    return known.get(match[1], text)


class Cost:
    """What a vote costs: what a run with many votes counts in some seconds more than one with next to none."""

    def __init__(self, few, many, votes):
        self.votes = votes
        self._instructions = self._per_vote(few.instructions, many.instructions)
        self._calls = self._per_vote(few.calls, many.calls)

    def _per_vote(self, few, many):
        return {key: (many[key] - few[key]) / self.votes for key in many.keys() | few.keys()}

    @property
    def instructions(self):
        return sum(self._instructions.values())

    def own_instructions(self, binary):
        return sum(
            count for (owner, name), count in self._instructions.items() if owner == binary and CURL_MEMORY not in name)

    def curl_memory_instructions(self, binary):
        return sum(
            count for (owner, name), count in self._instructions.items() if owner == binary and CURL_MEMORY in name)

    def own_allocations(self, binary):
        return sum(
            count for (owner, caller, callee), count in self._calls.items()
            if owner == binary and callee in ALLOCATORS and CURL_MEMORY not in caller)

    def by_object(self):
        """(object, instructions a vote), dearest first."""
        sums = collections.Counter()
        for (owner, _), count in self._instructions.items():
            sums[owner] += count
        return sums.most_common()

    def by_function(self, binary, length):
        """(function, instructions a vote, calls a vote) of the `length` dearest functions of `binary`."""
        calls = collections.Counter()
        for (_, _, callee), count in self._calls.items():
            calls[callee] += count
        own = [(name, count) for (owner, name), count in self._instructions.items() if owner == binary]
        own.sort(key=lambda item: -item[1])
        return [(name, count, calls[name]) for name, count in own[:length]]

    def allocators(self, binary, length):
        """(function, allocations a vote) of the `length` functions of `binary` that allocate most.

        Those of Swift's runtime are passed over for whoever calls them.
        """
        sums = collections.Counter()
        for (owner, caller, callee), count in self._calls.items():
            allocates = callee in ALLOCATORS or RUNTIME.match(callee)
            if owner == binary and allocates and not RUNTIME.match(caller):
                sums[caller] += count
        return sums.most_common(length)
