#!/usr/bin/env python3
"""Prints the topic table of docs/contract.md from multigen_core.contract."""

from multigen_core.contract import SERVICES, TOPICS, Qos


def quality(qos: Qos) -> str:
    """One end's QoS in words."""
    words = ["reliable" if qos.reliable else "best effort", str(qos.depth)]
    return " ".join(words + ["latched"] * qos.latched)


def table() -> str:
    """The topics and services as Markdown."""
    lines = [
        "| Topic | Type | Publisher QoS | Subscriber QoS | Rate | frame_id | In simulation "
        "| Real | Subscribers | In bags |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for topic in TOPICS:
        name = topic.name if topic.name.startswith("/") else f"/{topic.name}"
        cells = (
            f"`{name}`",
            topic.type.replace("/msg/", "/"),
            quality(topic.publish),
            quality(topic.subscribe),
            f"{topic.rate:g} Hz" if topic.rate else "on change",
            topic.frame_id or "–",
            topic.sim,
            topic.real,
            ", ".join(topic.subscribers),
            "yes" if topic.recorded else "no",
        )
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "| Service | Type |", "|---|---|"]
    lines += [f"| `/{name}` | {kind.replace('/srv/', '/')} |" for name, kind in SERVICES.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
