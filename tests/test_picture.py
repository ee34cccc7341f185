"""The picture in the README shows what the program prints."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from tests.picture import PICTURE, drawn


def shown(picture: str) -> list[str]:
    """The pieces of text in an SVG, in their order."""
    texts = ET.fromstring(picture).iter("{http://www.w3.org/2000/svg}text")
    return ["".join(text.itertext()).replace("\xa0", " ") for text in texts]


def test_the_picture_is_of_the_program_as_it_is() -> None:
    picture = PICTURE.read_text(encoding="utf-8")
    assert shown(picture) == shown(drawn())
    assert any("the gradient is silently wrong" in text for text in shown(picture))
