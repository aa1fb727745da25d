#!/usr/bin/python3
"""Makes report-sans.ttf, the font of the reports.

It takes ASCII, Latin letters with marks, common punctuation and all of GB 2312
from Noto Sans CJK SC (Debian fonts-noto-cjk) and turns its cubic outlines into
the quadratic ones of TrueType (Debian python3-fonttools), for gofpdf reads no
other. No hinting, no kerning, no composites: gofpdf would write into the font's
bytes to renumber a composite's parts, and they are shared by all documents.
"""

import sys

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTCollection

SOURCE = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"
FACE = "Noto Sans CJK SC"
ERROR = 2.0  # thousandths of an em that a curve may be off


def wanted():
    runes = set(range(0x20, 0x7F)) | set(range(0xA0, 0x180))
    runes |= set(range(0x2010, 0x2040)) | {0x20AC, 0x2103, 0x2116, 0x2122, 0x3000, 0xFFE5, 0xFFE1}
    runes |= set(range(0x2190, 0x2194)) | {0x2265, 0x2264, 0x2260, 0x2248, 0x2713, 0x2717, 0x25CF, 0x25CB, 0x25A0, 0x25A1}
    for hi in range(0xA1, 0xF8):
        for lo in range(0xA1, 0xFF):
            try:
                runes.add(ord(bytes([hi, lo]).decode("gb2312")))
            except UnicodeDecodeError:
                pass
    return runes


def main(out):
    fonts = TTCollection(SOURCE).fonts
    src = next(f for f in fonts if f["name"].getDebugName(4) == FACE)
    cmap = src.getBestCmap()
    glyphs, metrics, chars, order = {}, {}, {}, [".notdef"]
    outlines = src.getGlyphSet()
    for rune in sorted(wanted()):
        name = cmap.get(rune)
        if name is None:
            continue
        if name not in metrics:
            order.append(name)
        metrics[name] = None
        chars[rune] = name
    for name in order:
        pen = TTGlyphPen(None)
        outlines[name].draw(Cu2QuPen(pen, ERROR, reverse_direction=True))
        glyphs[name] = pen.glyph()
        metrics[name] = (src["hmtx"][name][0], 0)
    fb = FontBuilder(src["head"].unitsPerEm, isTTF=True)
    fb.setupGlyphOrder(order)
    fb.setupCharacterMap(chars)
    fb.setupGlyf(glyphs)
    for name in order:
        metrics[name] = (metrics[name][0], getattr(fb.font["glyf"][name], "xMin", 0))
    fb.setupHorizontalMetrics(metrics)
    fb.setupHorizontalHeader(ascent=880, descent=-120)
    fb.setupNameTable({
        "familyName": "Floord Report Sans", "styleName": "Regular",
        "copyright": src["name"].getDebugName(0),
        "licenseDescription": "SIL Open Font License, Version 1.1. A subset of Noto Sans CJK SC, converted to TrueType.",
        "licenseInfoURL": "http://scripts.sil.org/OFL",
    })
    fb.setupOS2(sTypoAscender=880, sTypoDescender=-120, usWinAscent=1160, usWinDescent=288, sCapHeight=733)
    fb.setupPost(keepGlyphNames=False)
    fb.font["head"].created = fb.font["head"].modified = 3800000000  # the same bytes whenever it is made
    fb.font.recalcTimestamp = False
    fb.save(out)
    print(len(order), "glyphs")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "report-sans.ttf")
