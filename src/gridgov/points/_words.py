"""What people are told about an award, in Chinese and English; no name and no text of anybody stands in it."""

from __future__ import annotations

from typing import Any

from gridgov.points import _events as e
from gridgov.points._state import AwardFile
from gridgov.wording import Phrasebook

__all__ = ["PHRASES", "describe_award"]

PHRASES = Phrasebook(
    {
        "award-proposed": (
            "为“{deed}”申报 {asked} 分",
            "{asked} points were asked for: {deed}",
        ),
        "award-reviewed": (
            "“{deed}”评议通过 {given} 分（申报 {asked} 分）",
            "{deed}: the panel gave {given} of {asked} points",
        ),
        "rejected": (
            "“{deed}”申报 {asked} 分，评议未通过；可以申诉",
            "{deed}: the panel gave none of {asked} points; this can be appealed",
        ),
        "award-objected": (
            "有人对“{deed}”的积分提出异议，正在核实",
            "Somebody objected to the points for {deed}; it is looked into",
        ),
        "award-pressed": (
            "“{deed}”的异议或申诉须在 {due} 前答复",
            "An objection to, or an appeal about, {deed} has to be decided by {due}",
        ),
        "award-deadlines-reviewed": (
            "节假日安排已公布，“{deed}”的公示或答复期限已重新计算",
            "The holidays were published; the time limits for {deed} were worked out again",
        ),
        "award-objection-dismissed": (
            "对“{deed}”的异议不成立，{given} 分不变",
            "The objection was dismissed; {deed} keeps {given} points",
        ),
        "award-amended": (
            "“{deed}”的积分由 {before} 改为 {given}",
            "The points for {deed} were changed from {before} to {given}",
        ),
        "award-voided": (
            "对“{deed}”的异议成立，积分不予生效；可以申诉",
            "The objection was upheld; {deed} earns nothing; this can be appealed",
        ),
        "award-confirmed": (
            "“{deed}”{given} 分已到账",
            "{given} points for {deed} are yours",
        ),
        "award-reversed": (
            "“{deed}”误记 {points} 分已更正；可以申诉",
            "{points} points for {deed} were given by mistake and taken back; this can be appealed",
        ),
        "award-appealed": (
            "已收到对“{deed}”的申诉",
            "The appeal about {deed} was received",
        ),
        "appeal-dismissed": (
            "对“{deed}”的申诉未获支持",
            "The appeal about {deed} was dismissed",
        ),
        "appeal-upheld": (
            "对“{deed}”的申诉成立，补记 {points} 分，公示后到账",
            "The appeal about {deed} was upheld: {points} points, once published",
        ),
    }
)


def describe_award(name: str, event: e.AwardEvent, file: AwardFile, language: str, *, deed: str) -> str:
    """Tell what has happened to an award.

    :param name: the stored event name; :param file: the award after it; :param deed: what the deed is called.
    :raises KeyError: for an event that nobody is told of.
    """
    facts: dict[str, Any] = {"deed": deed, "asked": file.asked, "given": file.given}
    match event:
        case e.AwardReviewed() if not event.given:
            name = "rejected"
        case e.AwardAmended():
            facts["before"] = event.before
        case e.AwardReversed() | e.AppealUpheld():
            facts["points"] = event.points
        case e.AwardPressed():
            facts["due"] = event.deadline.local(event.deadline.due_at)
        case _:
            pass
    return PHRASES.say(name, language, **facts)
