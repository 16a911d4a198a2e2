"""Writes SPRIG.md: each of Sprig's functions, how many cases call it, and what is to be known of it."""

import json
import re
from pathlib import Path

HERE = Path(__file__).parent
VECTORS = HERE.parent
CRATE = VECTORS.parent

GROUPS = {
    "strings": "hello abbrev abbrevboth trunc trim upper lower title untitle substr repeat trimall trimAll trimSuffix trimPrefix nospace initials swapcase shuffle snakecase camelcase kebabcase wrap wrapWith contains hasPrefix hasSuffix quote squote cat indent nindent replace plural toString toStrings join sortAlpha split splitList splitn",
    "regular expressions": "regexMatch mustRegexMatch regexFind mustRegexFind regexFindAll mustRegexFindAll regexReplaceAll mustRegexReplaceAll regexReplaceAllLiteral mustRegexReplaceAllLiteral regexSplit mustRegexSplit regexQuoteMeta",
    "numbers": "atoi int int64 float64 toDecimal seq until untilStep add add1 sub div mod mul add1f addf subf divf mulf biggest max min maxf minf ceil floor round randInt",
    "lists": "list tuple append mustAppend push mustPush prepend mustPrepend first mustFirst rest mustRest last mustLast initial mustInitial reverse mustReverse uniq mustUniq without mustWithout has mustHas slice mustSlice concat chunk mustChunk compact mustCompact",
    "dictionaries": "dict get set unset hasKey pluck keys pick omit values merge mustMerge mergeOverwrite mustMergeOverwrite deepCopy mustDeepCopy dig",
    "defaults and JSON": "default empty coalesce all any ternary fromJson mustFromJson toJson mustToJson toPrettyJson mustToPrettyJson toRawJson mustToRawJson",
    "encoding": "b64enc b64dec b32enc b32dec",
    "flow": "fail",
    "paths": "base dir clean ext isAbs osBase osDir osClean osExt osIsAbs",
    "reflection": "typeOf typeIs typeIsLike kindOf kindIs deepEqual",
    "versions": "semver semverCompare",
    "URLs": "urlParse urlJoin",
    "dates": "now ago date dateInZone date_in_zone dateModify date_modify mustDateModify must_date_modify toDate mustToDate duration durationRound htmlDate htmlDateInZone unixEpoch",
    "random": "uuidv4 randAlpha randNumeric randAlphaNum randAscii randBytes",
    "digests": "sha1sum sha256sum sha512sum adler32sum",
    "cryptography (feature `crypto`)": "bcrypt htpasswd derivePassword encryptAES decryptAES genPrivateKey buildCustomCert genCA genCAWithKey genSelfSignedCert genSelfSignedCertWithKey genSignedCert genSignedCertWithKey",
}
UNREPEATABLE = set("now ago shuffle uuidv4 randAlpha randNumeric randAlphaNum randAscii randBytes randInt bcrypt htpasswd encryptAES genPrivateKey genCA genCAWithKey genSelfSignedCert genSelfSignedCertWithKey genSignedCert genSignedCertWithKey".split())
NOTES = {
    "regexMatch": "Go's syntax, checked and worded as Go does, run by the `regex` crate; a pattern that compiles to more than 8 MiB is refused, and a search costs steps by text and pattern",
    "keys": "in key order; Go's order is random",
    "values": "in key order; Go's order is random",
    "date": "reads the clock where the argument is no date, as Sprig does",
    "dateInZone": "zones of the IANA database that is compiled in, without its backzone file",
    "durationRound": "of a time: reads the clock",
    "toDate": "the methods of `time.Time` that templates can call; without `GoString` and those that append, marshal, or have several results (`Date`, `Clock`, `ISOWeek`, `Zone`, `ZoneBounds`)",
    "semver": "Masterminds/semver 3.5, with its methods, without those that scan and unmarshal",
    "merge": "dario.cat/mergo 1.0.1",
    "deepCopy": "refuses values nested deeper than 200 levels, as JSON, `deepEqual` and `merge` do",
    "camelcase": "xstrings 1.5",
    "genPrivateKey": "RSA, ECDSA on P-256 and Ed25519, made by the host; DSA is refused",
    "genCA": "RSA keys of the host's; content as Go 1.26 writes it",
    "genCAWithKey": "RSA, P-256 and Ed25519 keys; other curves and DSA are refused. Errors in the content of a key are told more roughly than by Go",
    "bcrypt": "500,000 steps of the budget a hash",
    "derivePassword": "1,000,000 steps of the budget",
    "encryptAES": "the IV is the host's chance",
}


def main():
    templates = []
    for path in sorted(VECTORS.glob("*.jsonl")):
        templates += [json.loads(line)["template"] for line in path.read_text().splitlines()]
    calls = {}
    for template in templates:
        for name in set(re.findall(r"(?<![.\w$\"])[a-z]\w*", template)):
            calls[name] = calls.get(name, 0) + 1
    lines = [
        "# Sprig 3.3, function by function",
        "",
        f"Of {len(templates):,} committed answers of real Go, Sprig and Helm, *cases* is how many call the function. `now`, certificates and what else has no two answers alike",
        "is held to its shape in `tests/sprig.rs` and `tests/certificates.rs`. ● marks what `sprig::repeatable()` refuses. Written by `vectors/generate/status.py`.",
        "",
        "`env`, `expandenv` and `getHostByName` do not exist: they would read the host.",
    ]
    for group, names in GROUPS.items():
        lines += ["", f"## {group[0].upper()}{group[1:]}", "", "| function | | cases | |", "|---|---|---|---|"]
        for name in names.split():
            lines.append(f"| `{name}` | {'●' if name in UNREPEATABLE else ''} | {calls.get(name, 0)} | {NOTES.get(name, '')} |")
    (CRATE / "SPRIG.md").write_text("\n".join(lines) + "\n")


main()
